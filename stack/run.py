"""`make run`: the whole platform on this machine, in the foreground, until Ctrl-C or SIGTERM.

Reads the environment; starts supervisord, which restarts programs; waits until all components are up.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from stack import ports
from stack.acquirer import kept_access
from stack.chosen_ports import ChosenPorts, choose_ports, with_chosen_ports
from stack.first_keys import NotProvided, provide
from stack.interpreter import described, own_build
from stack.parent_watchdog import bound_to_parent
from stack.programs import ACQUIRER_PORT, environment, new_redis, programs
from stack.readiness import NotReady, wait_until_up
from stack.server import ServerError
from stack.state import AlreadyRuns, State, chosen
from stack.supervision import Supervisor, configuration
from stack.welcome import welcome
from stack.whole_file import write_whole

if TYPE_CHECKING:
    from stack.gateway import Gateway

ROOT = Path(__file__).resolve().parent.parent
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 4.5
SHORTEST_TOKEN = 16
OPEN, REQUIRED = "open", "required"


class CannotRun(RuntimeError):
    """The platform cannot run on this machine now; the message says what to do."""


class Stop(BaseException):
    """A stop signal arrived."""


def main() -> int:
    """Run until stopped; returns the exit code."""
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    state = chosen(ROOT, os.environ)
    try:
        port, auth = _port(os.environ, "PORT", "8080"), _auth(os.environ)
        acquirer_port = _port(os.environ, "PSP_PORT", str(ACQUIRER_PORT))
        if port == acquirer_port and os.environ.get("PSP_PORT"):
            raise CannotRun(f"PORT and PSP_PORT are both {port}; the acquirer's simulator needs a port of its own.")
        state.prepare()
        with state.held(port):
            _check_port(port, "PORT")
            if os.environ.get("PSP_PORT"):  # else another one is chosen
                _check_port(acquirer_port, "PSP_PORT")
            return _run(state, port, auth, _token(state, os.environ, auth))
    except (AlreadyRuns, CannotRun, NotProvided, NotReady, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    except Stop:
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:  # a second signal (make forwards its own) must not interrupt the shutdown
        signal.signal(number, signal.SIG_IGN)
    raise Stop


def _port(variables: Mapping[str, str], name: str, default: str) -> int:
    text = variables.get(name) or default
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise CannotRun(f"{name}={text} is not a port; use a number from 1 to 65535, as in `make run {name}=8099`.")
    return int(text)


def _auth(variables: Mapping[str, str]) -> str:
    auth = variables.get("AUTH") or variables.get("APP_AUTH") or OPEN
    if auth not in (OPEN, REQUIRED):
        raise CannotRun(f"AUTH={auth} is unknown; it is {OPEN} (or leave it) or {REQUIRED}: each request needs a key.")
    return auth


def _has_gateway(variables: Mapping[str, str]) -> bool:
    wanted = variables.get("GATEWAY") or "0"
    if wanted not in ("0", "1"):
        raise CannotRun(f"GATEWAY={wanted} is unknown; it is 1, or leave it.")
    return wanted == "1"


def _gateway(state: State, port: int) -> "Gateway":
    from stack.gateway import prepare  # noqa: PLC0415  (its packages are those of the group dev)

    return prepare(state, port)


def _check_port(port: int, name: str) -> None:
    if not ports.is_free(port):
        raise CannotRun(f"{_taken(port)}; run `make run {name}={ports.next_free(port + 1)}`.")


def _taken(port: int) -> str:
    holder = ports.holder(port)
    return f"Port {port} is taken by {f'pid {holder[0]} ({holder[1]})' if holder else 'another process'}"


def _token(state: State, variables: Mapping[str, str], auth: str) -> str:
    """The admin token; where keys are required, only a given one, because it makes operators' keys."""
    token = variables.get("ADMIN_TOKEN", "")
    if token and len(token) < SHORTEST_TOKEN:
        raise CannotRun(f"ADMIN_TOKEN has less than {SHORTEST_TOKEN} characters; unset it, and one is made for you.")
    return token or ("" if auth == REQUIRED else state.token())


def _run(state: State, port: int, auth: str, token: str) -> int:
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

    def serve(chosen: ChosenPorts) -> int:
        if chosen.acquirer != ACQUIRER_PORT and not os.environ.get("PSP_PORT") and port != ACQUIRER_PORT:
            say(f"{_taken(ACQUIRER_PORT)}: the acquirer's simulator takes {chosen.acquirer}, or what PSP_PORT says")
        redis, acquirer = new_redis(state, chosen.redis), kept_access(state, chosen.acquirer)
        variables = environment(state, os.environ, redis, acquirer, port, token, auth)
        gateway = _gateway(state, port) if _has_gateway(os.environ) else None
        if gateway:
            variables |= {"APP_TRUSTED_PROXIES": "1"}
        return _serve(state, port, variables, chosen, say, gateway)

    say(f"starting on port {port}, state in {os.path.relpath(state.folder)}/")
    say(f"by {described(own_build())}, {os.path.realpath(sys.executable)}")
    return with_chosen_ports(lambda: choose_ports(os.environ), serve, say)


def _serve(
    state: State,
    port: int,
    variables: Mapping[str, str],
    chosen: ChosenPorts,
    say: Callable[[str], None],
    gateway: "Gateway | None",
) -> int:
    _migrate(variables)
    say("database is up to date")
    state.bootstrap.unlink(missing_ok=True)
    write_whole(state.acquirer_address, variables["APP_ACQUIRER_URL"])
    groups = programs(state, chosen.metrics) | ({"gateway": [gateway.program]} if gateway else {})
    state.supervisor_configuration.write_text(configuration(state, groups))
    supervisord = _start_supervisord(state, variables)
    try:
        provide(state, variables, say)  # while the programs start
        wait_until_up(state, port, variables["APP_ACQUIRER_URL"], supervisord, say)
        print(welcome(state, port, variables) + (gateway.welcome if gateway else ""), flush=True)
        with _shop_being_built(port):
            code = supervisord.wait()
        raise NotReady(f"The supervisor ended with code {code}; its log is {state.logs / 'supervisord.log'}.")
    finally:
        _stop_supervisord(state, supervisord)


def _migrate(variables: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "payments", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(f"The database could not be brought up to date.\n{done.stdout}{done.stderr}")


def _start_supervisord(state: State, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "supervisor.supervisord", "-c", str(state.supervisor_configuration)]
    command = bound_to_parent(program, signal.SIGTERM)
    with (state.logs / "supervisord.out").open("wb") as log:  # a new session: Ctrl-C reaches only this process
        return subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


@contextmanager
def _shop_being_built(port: int) -> Iterator[None]:
    """Build the shop while the platform runs; before that it would delay the first payment."""
    command = [sys.executable, "-m", "stack.shop", f"http://127.0.0.1:{port}/"]
    builder = subprocess.Popen(
        bound_to_parent(command, signal.SIGKILL), cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        if builder.poll() is None:
            os.killpg(builder.pid, signal.SIGKILL)  # with its tools; the next build removes what it leaves
            builder.wait()


def _stop_supervisord(state: State, supervisord: subprocess.Popen[bytes]) -> None:
    if supervisord.poll() is None:
        print("stopping …", flush=True)
        try:
            Supervisor(f"unix://{state.socket}").shutdown()  # supervisord notices a signal up to a second later
        except OSError:
            supervisord.terminate()
    try:
        supervisord.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisord.kill()  # its programs end with it
        supervisord.wait()
    print("stopped", flush=True)


if __name__ == "__main__":
    sys.exit(main())
