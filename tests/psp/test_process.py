"""The process: how it refuses to start, how it stops, and that no card number is stored or logged."""

import os
import subprocess
import sys
from threading import Thread

import pytest

from psp.__main__ import main
from tests.psp.simulator import KEY, PUBLISHABLE, Simulator, raw_answer, request_of
from tests.servers import until

CARD = "4242424242424242"


def environment(psp: Simulator, **settings: str) -> dict[str, str]:
    """The settings of a running simulator, except for these."""
    known = {"folder": psp.folder, "port": psp.port}
    return {**os.environ, **psp.environment, **{name: value.format(**known) for name, value in settings.items()}}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PSP_KEYS": ""}, "PSP_KEYS is not set."),
        ({"PSP_DATABASE": "{folder}/nothing/psp.db"}, "{folder}/nothing/psp.db cannot be used as a database: "),
        ({"PSP_DATABASE": "{folder}/text.db"}, "{folder}/text.db cannot be used as a database: "),
        ({}, "{folder}/psp.db is in use by another simulator."),
    ],
)
def test_what_prevents_a_start_is_one_sentence(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], settings: dict[str, str], sentence: str
) -> None:
    (simulator.folder / "text.db").write_text("This is no database, whatever its name says. " * 30)
    assert main(environment(simulator, **settings)) == 1
    said = capsys.readouterr()
    assert said.err.startswith("Cannot start the simulator: " + sentence.format(folder=simulator.folder)), said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_taken_port_is_one_sentence(simulator: Simulator) -> None:
    settings = environment(simulator, PSP_DATABASE="{folder}/other.db")
    ended = subprocess.run(
        [sys.executable, "-m", "psp"], env=settings, capture_output=True, text=True, timeout=30, check=False
    )
    address = f"127.0.0.1:{simulator.port}"
    assert ended.stderr == f"Cannot start the simulator: {address} cannot be listened on: Address already in use.\n"
    assert (ended.returncode, ended.stdout) == (1, "")


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
        psp.stop()
        kept.join()
        idle.join()
        assert psp.exit_code == 0
        assert "requests_cut_off" not in psp.log.read_text(), "a stop waits for nobody who only waits"
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
