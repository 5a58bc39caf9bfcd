"""The process: how it refuses to start, how it stops, and that no card number is stored or logged."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from tests.psp.simulator import KEY, PUBLISHABLE, Simulator, raw_answer, request_of
from tests.repo.sources import ROOT
from tests.servers import until

CARD = "4242424242424242"


def started(psp: Simulator, **settings: str) -> subprocess.CompletedProcess[str]:
    """Another simulator with the same settings, except for these; it must end by itself."""
    environment = {**os.environ, **psp.environment, **settings}
    return subprocess.run(
        [sys.executable, "-m", "psp"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PSP_KEYS": ""}, "PSP_KEYS is not set."),
        ({"PSP_DATABASE": "{folder}/nothing/psp.db"}, "{folder}/nothing/psp.db cannot be used as a database: "),
        ({"PSP_DATABASE": "{folder}/text.db"}, "{folder}/text.db cannot be used as a database: "),
        ({"PSP_DATABASE": "{folder}/other.db"}, "127.0.0.1:{port} cannot be listened on: "),
        ({}, "{folder}/psp.db is in use by another simulator."),
    ],
)
def test_what_prevents_a_start_is_one_sentence(simulator: Simulator, settings: dict[str, str], sentence: str) -> None:
    known = {"folder": simulator.folder, "port": simulator.port}
    (simulator.folder / "text.db").write_text("This is no database, whatever its name says. " * 30)
    ended = started(simulator, **{name: value.format(**known) for name, value in settings.items()})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Cannot start the simulator: " + sentence.format(**known)), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_stop_finishes_what_has_begun_and_cuts_what_a_fault_keeps() -> None:
    with Simulator() as psp:
        psp.api.faults({"fault": "timeout_after_success", "kinds": ["authorization"]})
        ends: list[tuple[bytes, str]] = []
        sent = request_of("authorization", "held", token="tok_approved")
        kept = Thread(target=lambda: ends.append(raw_answer(psp.port, sent)))
        idle = Thread(target=lambda: ends.append(raw_answer(psp.port, b"")))
        kept.start()
        idle.start()
        until(lambda: psp.api.journal("held"), "it is kept waiting")
        begun = monotonic()
        psp.stop()
        assert monotonic() - begun < 4.0, "a stop takes 0.2 s here; it waits for nobody who only waits"
        kept.join()
        idle.join()
        assert psp.exit_code == 0
        assert [received for received, _ in ends] == [b"", b""]
        psp.start()
        assert psp.api.enquire("held").json["state"] == "APPROVED"


def test_no_card_number_is_stored_or_logged() -> None:
    with Simulator() as psp:
        card = {"number": CARD, "expiry": "12/40", "cvc": "987"}
        assert psp.api.ask("POST", "/v1/tokens", card, PUBLISHABLE).status == 201
        for wrong in ({"number": CARD}, {**card, "expiry": CARD}, {**card, CARD: 1}, {**card, "number": CARD + "1"}):
            assert psp.api.ask("POST", "/v1/tokens", wrong, PUBLISHABLE).status in (400, 402)
        psp.api.ask("POST", "/v1/tokens", b'{"number": "' + CARD.encode(), PUBLISHABLE)
        body = {"reference": CARD, "amount": 1, "currency": "USD", "token": CARD}
        assert psp.api.ask("POST", "/v1/authorizations", body, Idempotency_Key=CARD).status == 400
        for path in (
            f"/v1/operations?reference={CARD}",
            f"/v1/{CARD}",
            f"/{CARD}?{CARD}",
            f"/v1/settlements/{CARD}.csv",
        ):
            assert psp.api.get(path).status in (400, 404)
        for garbage in (
            f"{CARD}\r\n\r\n",
            f"GET /{CARD} HTTP/{CARD}\r\n\r\n",
            f"GET / HTTP/1.1\r\n{CARD}: {CARD}\r\n\r\n",
        ):
            raw_answer(psp.port, garbage.encode(), seconds=0.3)
        psp.api.raw("GET", "/health", headers={"User-Agent": CARD, "Authorization": f"Bearer {CARD}"})
        assert len(psp.api.journal()) >= 9, "these requests are in the journal"
        psp.stop()
        kept = [file for file in psp.folder.iterdir() if file.is_file()]
        assert {"psp.db", "server.log"} <= {file.name for file in kept}
        assert [file.name for file in kept if CARD.encode() in file.read_bytes()] == []
        assert [file.name for file in kept if KEY.encode() in file.read_bytes()] == []


def test_it_imports_nothing_of_ours() -> None:
    program = "import sys, psp.__main__; print(*{name.split('.')[0] for name in sys.modules})"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert {"app", "payments", "stack", "worker"} & set(found.stdout.split()) == set()
    assert Path(ROOT / "psp/__main__.py").exists()
