"""Where everybody could pay, gunicorn serves this machine alone, however it is told to listen; /health says `auth`."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stack.ports import free_port
from tests.e2e.gunicorn import ROOT, ApiServer
from tests.servers import until

CONFIGURATION = ROOT / "app" / "gunicorn.conf.py"
END_SECONDS = 30.0  # 0.6 on a machine that does nothing else
NO_REDIS = "redis://127.0.0.1:1/0"
EVERYWHERE = "0.0.0.0"  # noqa: S104  (what is to be refused)


class Listening(ApiServer):
    """The API with more arguments for gunicorn."""

    def __init__(self, database_url: str, *arguments: str, **settings: Any) -> None:
        super().__init__(database_url, NO_REDIS, **settings)
        self.arguments = [argument.format(port=self.port) for argument in arguments]

    def _command(self) -> list[str]:
        return [*super()._command(), *self.arguments]


@contextmanager
def serving(database_url: str, *arguments: str, **settings: Any) -> Iterator[Listening]:
    with Listening(database_url, *arguments, **settings) as api:
        yield api


def ended(tmp_path: Path, *arguments: str, pass_fds: tuple[int, ...] = (), **settings: Any) -> tuple[int, str]:
    """(exit code, what was printed) of a start that is to be refused; its folder of metrics must not stay."""
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "-c", str(CONFIGURATION), *arguments]
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "TMPDIR": str(tmp_path), **settings}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=END_SECONDS, pass_fds=pass_fds
    )
    assert [*tmp_path.glob("payops-metrics*")] == []
    return done.returncode, done.stderr


def check_refused(code: int, said: str, address: str) -> None:
    assert code == 1, said
    assert "Traceback" not in said
    (sentence,) = [line for line in said.splitlines() if line.startswith("Cannot start")]
    assert f"must not listen on {address}; set APP_AUTH=required, or bind to 127.0.0.1." in sentence
    assert "worker" not in said.lower(), "no worker was started"


@pytest.mark.parametrize(
    ("arguments", "settings", "address"),
    [
        (["--bind", "0.0.0.0:{port}"], {}, "0.0.0.0:{port}"),
        (["--bind", "127.0.0.1:{port}", "--bind", "[::]:{port}"], {}, "[::]:{port}"),
        ([], {"GUNICORN_CMD_ARGS": "--bind=:{port}"}, ":{port}"),
        (["--bind", "0.0.0.0:{port}", "--reuse-port"], {"APP_AUTH": "open"}, "0.0.0.0:{port}"),
        (["--bind", "0.0.0.0:{port}", "--env", "APP_AUTH=open"], {"APP_AUTH": "required"}, "0.0.0.0:{port}"),
    ],
)
def test_open_and_reachable_by_others_does_not_start(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], address: str
) -> None:
    port = free_port()
    filled: dict[str, Any] = {name: text.format(port=port) for name, text in settings.items()}
    code, said = ended(tmp_path, *(text.format(port=port) for text in arguments), **filled)
    check_refused(code, said, address.format(port=port))


def test_an_inherited_socket_of_all_addresses_is_refused(tmp_path: Path) -> None:
    with socket.socket() as everywhere:
        everywhere.bind((EVERYWHERE, 0))
        descriptor = everywhere.fileno()
        code, said = ended(tmp_path, "--bind", f"fd://{descriptor}", pass_fds=(descriptor,))
        assert (code, "must not listen on 0.0.0.0:" in said) == (1, True), said


def test_keys_open_all_addresses(sqlite_url: str) -> None:
    settings = {"APP_AUTH": "required", "APP_KEY_PEPPER": "1:" + "p" * 32}
    with serving(sqlite_url, "--bind", f"{EVERYWHERE}:{{port}}", **settings) as api:
        for path in ("/health", "/health/live", "/health/ready"):
            assert api.get(path).json()["auth"] == "required"
        assert "auth_open" not in api.log.read_text()


def test_open_is_said_once_at_the_start(sqlite_url: str) -> None:
    with serving(sqlite_url, "--bind", "localhost:{port}", workers=2) as api:
        for path in ("/health", "/health/live", "/health/ready"):
            assert api.get(path).json()["auth"] == "open"
        (line,) = [line for line in api.log.read_text().splitlines() if "auth_open" in line]
        assert '"level":"warning"' in line


def test_a_reload_that_opens_it_to_others_ends_it(sqlite_url: str, tmp_path: Path) -> None:
    own, address = tmp_path / "gunicorn.conf.py", tmp_path / "address"
    own.write_text(f"{CONFIGURATION.read_text()}\nbind = [Path({str(address)!r}).read_text()]\n")
    api = Listening(sqlite_url, "-c", str(own))
    address.write_text(f"127.0.0.1:{api.port}")
    with api:
        address.write_text(f"{EVERYWHERE}:{free_port()}")
        os.kill(api.pid, signal.SIGHUP)
        until(lambda: api.exit_code is not None, "it has ended", seconds=END_SECONDS)
        assert api.exit_code == 1
        said = api.log.read_text()
    assert f"must not listen on {address.read_text()}; set APP_AUTH=required" in said
    assert "Traceback" not in said
