"""The drills of scripts/ on real servers: they fix what they broke, and fail when nothing breaks.

They pass on the machines (tests/vm/test_drills.py) and in the pipeline; here in `make test-long`.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from load.api import Api
from stack.parent_watchdog import bound_to_parent
from stack.platform import Platform, real_platform
from tests.psp.simulator import APPROVED
from tests.servers import until

ROOT = Path(__file__).resolve().parents[2]
BREAKER = "test-circuit-breaker.sh"
HOOKS = {
    BREAKER: {"KAFKA_STOP_CMD": "stop/kafka", "KAFKA_START_CMD": "start/kafka"},
    "drill-database-down.sh": {"DATABASE_STOP_CMD": "freeze/mariadb", "DATABASE_START_CMD": "thaw/mariadb"},
    "drill-redis-down.sh": {"REDIS_STOP_CMD": "kill/redis", "REDIS_START_CMD": "start/redis"},
    "drill-worker-kill.sh": {
        "RELAY_KILL_CMD": "kill/relay",
        "RELAY_START_CMD": "start/relay",
        "LEDGER_KILL_CMD": "kill/ledger",
        "LEDGER_START_CMD": "start/ledger",
    },
    "drill-poison.sh": {},
    "drill-acquirer-down.sh": {"ACQUIRER_STOP_CMD": "kill/psp", "ACQUIRER_START_CMD": "start/psp"},
    "drill-answers-lost.sh": {"ACQUIRER_LOSE_CMD": "lose", "ACQUIRER_ANSWER_CMD": "answer"},
}
LIES = {
    BREAKER: "payment was published: Kafka is not down",
    "drill-database-down.sh": "the database is down, and a payment was answered 200",
    "drill-redis-down.sh": "not within 8 s: /health says that Redis does not answer",
    "drill-worker-kill.sh": "payment is published already",
    "drill-poison.sh": "not within 8 s: there is a dead letter PaymentNotFound",
    "drill-acquirer-down.sh": "the acquirer is down, and an order was answered 200",
    "drill-answers-lost.sh": "the answer is lost, and an order was answered 200",
}
"""What each drill reports when its hooks do nothing."""
ONE_BY_ONE = {"drill-worker-kill.sh"}
"""Drills that look for a second whether something goes on, which other drills beside them may hold up."""
SHOP = "STORE"
OPEN = 'acquirer_breaker_state{connector="simulator",state="open"} 1.0'
SETTINGS = {
    "APP_SHOP_MERCHANT": SHOP,
    "APP_RATE_LIMIT_PROFILE": "prod",
    "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS": "2",
    "APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "1",
    "APP_CB_KAFKA_WAIT_DURATION_SECONDS": "2",
    "APP_LEASE_SECONDS": "4",
    "APP_AUDIT_INTERVAL_SECONDS": "2",
}

pytestmark = pytest.mark.timeout(400)


def faults(platform: Platform) -> dict[str, str]:
    """The hooks that switch the faults of the acquirer's simulator, which is asked itself."""
    assert platform.acquirer
    access = platform.acquirer.access
    curl = f"curl -fsS -o /dev/null {access.url}/_control/faults -H 'Authorization: Bearer {access.control_token}'"
    return {
        "lose": f"{curl} -X PUT -H 'Content-Type: application/json' -d \"$lost\"",
        "answer": f"{curl} -X DELETE",
    }


class Switchboard(HTTPServer):
    """Runs the drills' hooks: `POST /kill/relay` and the like, in the thread that `serve_while` runs in."""

    timeout = 0.1

    def __init__(self, platform: Platform) -> None:
        self.parts = platform.programs | platform.servers
        self._faults = faults(platform)
        super().__init__(("127.0.0.1", 0), _Call)

    def hook(self, call: str) -> str:
        if call in self._faults:
            return self._faults[call]
        return f"curl -fsS -X POST http://127.0.0.1:{self.server_port}/{call}"

    def serve_while(self, drill: subprocess.Popen[str]) -> tuple[int, str]:
        """Serve until the drill ends; returns its exit code and output."""
        while drill.poll() is None:
            self.handle_request()
        assert drill.stdout
        return drill.returncode, drill.stdout.read()


class _Call(BaseHTTPRequestHandler):
    server: Switchboard

    def do_POST(self) -> None:
        action, name = self.path.strip("/").split("/")
        getattr(self.server.parts[name], action)()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing: pytest shows what a drill printed."""


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with real_platform(SETTINGS, with_acquirer=True) as platform:
        shop = ["merchants", "create", SHOP, "--name", "The shop", "--connector", "simulator"]
        environment = {**os.environ, **platform.environment}
        subprocess.run([sys.executable, "-m", "payments", *shop], cwd=ROOT, env=environment, check=True)
        yield platform


@pytest.fixture(scope="module")
def switchboard(platform: Platform) -> Iterator[Switchboard]:
    with Switchboard(platform) as switchboard:
        yield switchboard


def begin(script: str, platform: Platform, hooks: Mapping[str, str]) -> subprocess.Popen[str]:
    environment = {**os.environ, **platform.environment, **hooks}
    as_in_a_shell = ("env", "--default-signal=PIPE")  # Python ignores SIGPIPE, and child processes inherit that
    return subprocess.Popen(
        bound_to_parent(
            [*as_in_a_shell, str(ROOT / "scripts" / script), "--base-url", platform.api.url], signal.SIGTERM
        ),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def order(platform: Platform) -> int:
    """The status of a new order of the shop."""
    body = {"amount": 1000, "currency": "KRW", "paymentMethod": APPROVED, "idempotencyKey": str(uuid4())}
    return requests.post(f"{platform.api.url}/shop/payments/authorize", json=body, timeout=6).status_code


def metrics_of(platform: Platform) -> list[str]:
    """The lines of the api's metrics."""
    return requests.get(f"{platform.api.url}/metrics", timeout=6).text.splitlines()


@pytest.fixture
def keys(platform: Platform) -> Iterator[dict[str, str]]:
    """The platform needs keys for a while; here they are: a merchant's, and an operator's that administers nothing."""
    admin = Api(platform.api.url, platform.admin_token)
    admin.make_merchant("DRILL")
    keys = {"API_KEY": admin.make_key("DRILL"), "OPERATOR_KEY": admin.make_key(None, ("read", "operate"))}
    default = platform.api.environment
    platform.api.environment = {**default, "APP_AUTH": "required"}
    platform.api.restart()
    yield keys
    platform.api.environment = default
    platform.api.restart()


def test_drills_pass_where_keys_are_needed(platform: Platform, keys: dict[str, str]) -> None:
    """`drill-poison.sh` asks all that an operator's key is for, and its audit is housekeeping's."""
    given = {**keys, "DATABASE_URL": "", "ADMIN_TOKEN": ""}
    for drill in [begin(script, platform, given) for script in ("smoke-test.sh", "drill-poison.sh")]:
        printed, _ = drill.communicate(timeout=180)
        assert drill.returncode == 0, printed
        assert not any(key in printed for key in keys.values())


@pytest.mark.parametrize("script", HOOKS)
def test_a_drill_passes(script: str, platform: Platform, switchboard: Switchboard, long: bool) -> None:
    if not long:
        pytest.skip("on machines and in the pipeline (--long)")
    hooks = {name: switchboard.hook(call) for name, call in HOOKS[script].items()}
    code, printed = switchboard.serve_while(begin(script, platform, hooks))
    assert code == 0, printed
    assert "no differences" in printed
    if script == BREAKER:
        assert [f"{number:2d}. " in printed for number in range(1, 10)] == [True] * 9


def test_a_drill_of_the_acquirer_begins_while_a_breaker_is_open(platform: Platform, switchboard: Switchboard) -> None:
    """Drills one after the other: what the one before broke is counted until the breaker has tried again."""
    script = "drill-answers-lost.sh"
    hooks = {name: switchboard.hook(call) for name, call in HOOKS[script].items()}
    switchboard.parts["psp"].kill()
    until(lambda: order(platform) == 503 and OPEN in metrics_of(platform), "the breaker is open")
    switchboard.parts["psp"].start()
    code, printed = switchboard.serve_while(begin(script, platform, hooks))
    assert code == 0, printed


def test_a_drill_whose_hooks_do_nothing_fails(platform: Platform) -> None:
    idle = {name: "true" for hooks in HOOKS.values() for name in hooks} | {"POISON_CMD": "true", "DRILL_SECONDS": "32"}
    for scripts in ONE_BY_ONE, HOOKS.keys() - ONE_BY_ONE:
        drills = {script: begin(script, platform, idle) for script in scripts}
        for script, drill in drills.items():
            printed, _ = drill.communicate(timeout=180)
            assert drill.returncode == 1, f"{script}\n{printed}"
            assert f"NOT TRUE: {LIES[script]}" in re.sub("payment [0-9]+", "payment", printed)


def test_an_interrupted_drill_fixes_what_it_broke(platform: Platform, tmp_path: Path) -> None:
    broken, fixed = tmp_path / "broken", tmp_path / "fixed"
    hooks = {"KAFKA_STOP_CMD": f"touch {broken}", "KAFKA_START_CMD": f"touch {fixed}"}
    drill = begin(BREAKER, platform, hooks)
    until(broken.exists, "the drill has stopped Kafka")
    drill.send_signal(signal.SIGINT)
    printed, _ = drill.communicate(timeout=90)
    assert drill.returncode == 130, printed
    assert fixed.exists()


def test_a_drill_that_nobody_reads_any_more_fixes_what_it_broke(platform: Platform, tmp_path: Path) -> None:
    """A terminal that is closed, a build that is aborted: bash would end at its next output."""
    broken, fixed = tmp_path / "broken", tmp_path / "fixed"
    drill = begin(BREAKER, platform, {"KAFKA_STOP_CMD": f"touch {broken}", "KAFKA_START_CMD": f"touch {fixed}"})
    until(broken.exists, "the drill has stopped Kafka")
    assert drill.stdout
    drill.stdout.close()
    assert drill.wait(timeout=90) != 0
    assert fixed.exists()


def test_without_a_platform_it_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "drills"],
        cwd=ROOT,
        env={**os.environ, "PAYOPS_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "payops does not run here; start it with `make run`."
