"""A load with API keys, on real k6 and a fake API: which key makes which payment, what is repeated and refused."""

import subprocess
from pathlib import Path

import pytest

from load.k6 import find
from payments.merchants.key_form import Prefix, new_key
from tests.integration.fake_platform import OK, OPERATOR_KEY, REFUSED, TOKEN, UNKNOWN, FakePlatform, faking
from tests.integration.test_load_results import ROOT, SHORT, Ended, against, load
from tests.serving import Answer

KEYS = {new_key(Prefix.TEST).text: merchant for merchant in ("M1", "M2", "M3")}
ONE = next(iter(KEYS))
LIVE = new_key(Prefix.LIVE).text


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    """Three keys, with what a file may have beside them."""
    path = tmp_path / "keys"
    path.write_text("# of the test merchants\r\n\n" + "".join(f"  {key}\r\n" for key in KEYS))
    return path


def paid(platform: FakePlatform, reports: Path, **variables: str) -> Ended:
    return against(platform, reports, **{"ADMIN_TOKEN": "", "OPERATOR_KEY": OPERATOR_KEY, **variables})


def assert_no_key_is_shown(ended: Ended, reports: Path) -> None:
    files = list(reports.glob("*/*"))
    assert files
    written = "".join(path.read_text() for path in files)
    for key in (*KEYS, OPERATOR_KEY):
        assert key[21:] not in written + ended.stdout + ended.stderr


def test_each_journey_pays_by_the_next_key_and_names_no_merchant(tmp_path: Path, keys_file: Path) -> None:
    platform, reports = FakePlatform(keys=KEYS), tmp_path / "reports"
    ended = paid(platform, reports, KEYS_FILE=str(keys_file))
    assert ended.code == 0, ended
    merchants = [platform.payers[key] for key in sorted(platform.payers, key=lambda key: int(key.rsplit("-", 1)[1]))]
    assert merchants[:6] == [{"M1"}, {"M2"}, {"M3"}] * 2
    assert ended.summary["audit"]["posted"]["authorize"] == sum(platform.authorized.values())
    assert "(http" not in ended.stdout
    assert ", API keys: 3\n" in ended.stdout
    assert_no_key_is_shown(ended, reports)


def test_what_the_merchants_had_before_does_not_count(tmp_path: Path, keys_file: Path) -> None:
    platform = FakePlatform(keys=KEYS, authorized={"old": 7}, payers={"old": {"M2"}})
    ended = paid(platform, tmp_path / "reports", KEYS_FILE=str(keys_file))
    assert ended.summary["audit"]["good"], ended


def test_an_open_outcome_is_asked_again_with_its_key_and_its_merchants(tmp_path: Path, keys_file: Path) -> None:
    def answer(key: str, times: int) -> Answer:
        return UNKNOWN if key.endswith("-4") and times == 1 else OK

    platform, reports = FakePlatform(answer, keys=KEYS), tmp_path / "reports"
    ended = paid(platform, reports, KEYS_FILE=str(keys_file))
    assert ended.summary["audit"]["good"], ended
    ((again, merchants),) = [(count, platform.payers[key]) for key, count in platform.times.items() if count > 1]
    assert (again, merchants) == (2, {"M2"})
    (unknown,) = reports.glob("*/unknown.log")
    assert '"payer":1' in unknown.read_text()
    assert_no_key_is_shown(ended, reports)


def test_one_key_is_enough(tmp_path: Path) -> None:
    platform = FakePlatform(keys=KEYS)
    ended = paid(platform, tmp_path, API_KEY=f"{ONE}\n")
    assert ended.code == 0, ended
    assert set.union(*platform.payers.values()) == {"M1"}


def test_a_key_that_ends_meanwhile_ends_the_load(tmp_path: Path, keys_file: Path) -> None:
    platform = FakePlatform(lambda key, _times: REFUSED if key.endswith("-4") else OK, keys=KEYS)
    ended = paid(platform, tmp_path / "reports", KEYS_FILE=str(keys_file))
    key_id = list(KEYS)[1][10:20]
    assert (ended.code, ended.summary) == (1, {})
    assert ended.stderr.endswith(f" refused the key {key_id}: 401 API_KEY_INVALID.\n")
    assert_no_key_is_shown(ended, tmp_path / "reports")


def test_without_keys_the_requests_are_as_ever(tmp_path: Path) -> None:
    platform = FakePlatform()
    with faking(platform) as server:
        command = ["load", "soak", "--base-url", server.url, "--reports", str(tmp_path)]
        assert load(tmp_path, *command, state=None, **SHORT).code == 0
        first = next(
            request for request in server.requests if request.headers.get("idempotency-key", "").endswith("-0")
        )
    run, _, _ = first.headers["idempotency-key"].split("-")
    assert first.body == f'{{"merchantId":"K6-{run}-0","amount":10000,"currency":"KRW"}}'.encode()
    assert "authorization" not in first.headers


NEEDED = " takes requests with API keys only; set OPERATOR_KEY, and KEYS_FILE or API_KEY.\n"


@pytest.mark.parametrize(
    ("variables", "text", "message"),
    [
        ({}, None, NEEDED),
        ({"ADMIN_TOKEN": TOKEN, "OPERATOR_KEY": "", "API_KEY": ONE}, None, NEEDED),
        ({"OPERATOR_KEY": new_key(Prefix.OPERATOR).text, "API_KEY": ONE}, None, "/operations answers 401 API_KEY_INV"),
        ({"OPERATOR_KEY": f"{OPERATOR_KEY}\nX: y", "API_KEY": ONE}, None, "/operations cannot be asked: the key or "),
        ({"API_KEY": new_key(Prefix.TEST).text}, None, ": 401 API_KEY_INVALID.\n"),
        ({"API_KEY": LIVE}, None, "API_KEY is not a test merchant's API key (po_test_…).\n"),
        ({"API_KEY": ONE[:-1]}, None, "API_KEY is not a test merchant's API key (po_test_…).\n"),
        ({"API_KEY": ONE, "MERCHANT_ID": "M1"}, None, "MERCHANT_ID goes without KEYS_FILE and API_KEY: "),
        ({}, "# one\n{one}\n{live}\n", "KEYS_FILE: line 3 is not a test merchant's API key (po_test_…).\n"),
        ({}, "{one}\n{one} {one}\n", "KEYS_FILE: line 2 is not a test merchant's API key (po_test_…).\n"),
        ({}, "{operator}\n", "KEYS_FILE: line 1 is not a test merchant's API key (po_test_…).\n"),
        ({}, "# none yet\n\n", "KEYS_FILE has no key.\n"),
        ({"KEYS_FILE": ONE}, None, "KEYS_FILE is not a file that can be read.\n"),
    ],
)  # fmt: skip
def test_keys_that_are_wrong_or_missing_are_one_sentence_before_any_load(
    tmp_path: Path, variables: dict[str, str], text: str | None, message: str
) -> None:
    if text is not None:
        file = tmp_path / "keys"
        file.write_text(text.format(one=ONE, live=LIVE, operator=OPERATOR_KEY))
        variables = {**variables, "KEYS_FILE": str(file)}
    platform = FakePlatform(keys=KEYS)
    ended = paid(platform, tmp_path / "reports", **variables)
    assert ended.code == 1
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not platform.times
    for key in (*KEYS, LIVE, OPERATOR_KEY):
        assert key[21:] not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("script", "variables", "message"),
    [
        ("smoke", {}, " takes requests with API keys only; set KEYS_FILE or API_KEY."),
        ("smoke", {"KEYS_FILE": "/nowhere"}, "KEYS_FILE is not a file that can be read."),
        ("smoke", {"API_KEY": LIVE}, "API_KEY is not a test merchant's API key (po_test_…)."),
        ("bench-authorize", {"API_KEY": LIVE}, "API_KEY is not a test merchant's API key (po_test_…)."),
        ("bench-flows", {"API_KEY": LIVE}, "API_KEY is not a test merchant's API key (po_test_…)."),
    ],
)
def test_k6_alone_says_so_too(tmp_path: Path, script: str, variables: dict[str, str], message: str) -> None:
    platform = FakePlatform(keys=KEYS)
    with faking(platform) as server:
        given = {"BASE_URL": server.url, "RATE": "1", "DURATION": "1s", "RUN": "r", "SUMMARY": str(tmp_path / "s.json")}
        done = k6(script, tmp_path, {**given, **variables})
    assert done.returncode not in (0, 99)
    assert message in done.stderr
    assert LIVE[21:] not in done.stdout + done.stderr
    assert not platform.times


@pytest.mark.parametrize("script", ["bench-authorize", "bench-flows"])
def test_the_benchmark_pays_by_keys(tmp_path: Path, keys_file: Path, script: str) -> None:
    platform = FakePlatform(lambda *_: Answer(503, {"code": "X"}), keys=KEYS)
    with faking(platform) as server:
        given = {"BASE_URL": server.url, "RATE": "6", "DURATION": "1s", "RUN": "r", "SUMMARY": str(tmp_path / "s.json")}
        done = k6(script, keys_file.parent, {**given, "KEYS_FILE": keys_file.name})
        sent = [request for request in server.requests if request.path == "/payments/authorize"]
    assert done.returncode == 0, done
    assert {request.headers["authorization"].removeprefix("Bearer ") for request in sent} == set(KEYS)
    assert {"merchantId" in request.json for request in sent} == {False}


def k6(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A script alone, started in this folder by a shell, as people do."""
    program = [
        find(),
        "run",
        "--quiet",
        "--no-usage-report",
        "--no-color",
        f"{ROOT}/k6/{script}.js",
    ]
    command = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "-", str(folder), *program]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)
