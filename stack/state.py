"""The state folder of `make run`: its paths, and the lock that lets only one run."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from stack.whole_file import write_once, write_whole

# A Unix socket's path holds 104 bytes on macOS, 108 on Linux; supervisord adds its pid while it binds.
SOCKET_PATH_LIMIT = 90


class AlreadyRuns(RuntimeError):
    """Another process holds the folder; the message says which."""


def chosen(root: Path, variables: Mapping[str, str]) -> "State":
    """The state that the environment `variables` chooses (PAYOPS_STATE), else `.state` below `root`."""
    return State(Path(variables.get("PAYOPS_STATE") or root / ".state"))


def _short(socket: Path) -> Path:
    """The path, or one in the folder for temporary files if it is too long for a socket."""
    if len(os.fsencode(socket)) <= SOCKET_PATH_LIMIT:
        return socket
    name = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"payops-{name}.sock"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    return True


class State:
    """Paths below one private folder (mode 0700)."""

    def __init__(self, folder: Path) -> None:
        """`prepare` creates the folder."""
        self.folder = folder.resolve()
        self.logs = self.folder / "logs"
        self.socket = _short(self.folder / "supervisor.sock")
        self.supervisor_configuration = self.folder / "supervisord.conf"
        self.redis_configuration = self.folder / "redis.conf"
        self.bootstrap = self.folder / "kafka-bootstrap"
        self.database = self.folder / "payops.db"
        self.last_answer = self.folder / "authorized.json"
        self.operator_key = self.folder / "operator-key"
        self.merchant_key = self.folder / "merchant-key"
        self.merchant_header = self.folder / "merchant-header"
        self.acquirer_address = self.folder / "psp-address"
        self.acquirer_token = self.folder / "psp-control-token"
        self.acquirer_key = self.folder / "psp-key"
        self.acquirer_publishable_key = self.folder / "psp-publishable-key"
        self.acquirer_database = self.folder / "psp.db"
        self._token = self.folder / "admin-token"
        self._pepper = self.folder / "key-pepper"
        self._lock = self.folder / "running.lock"
        self._holder = self.folder / "running.json"

    def prepare(self) -> None:
        """Create the folders."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        self.logs.mkdir(exist_ok=True)

    @contextmanager
    def held(self, port: int) -> Iterator[None]:
        """Hold the folder for this process, which serves on `port`. AlreadyRuns when another one does."""
        with self._lock.open("a") as file:
            while not self._locked(file):
                if not self.is_free():  # not a short test by another process
                    advice = "look with `make status`, or stop it with Ctrl-C where it was started."
                    raise AlreadyRuns(f"payops runs already ({self._who()}); {advice}")
            write_whole(self._holder, json.dumps({"pid": os.getpid(), "port": port}))
            try:
                yield
            finally:
                self._holder.unlink(missing_ok=True)

    @staticmethod
    def _locked(file: TextIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def port(self) -> int | None:
        """The port of the running platform; None when nothing runs."""
        return self._of_holder("port")

    def pid(self) -> int | None:
        """The process that holds the folder; None when nothing runs."""
        return self._of_holder("pid")

    def is_free(self) -> bool:
        """Whether no process holds the folder."""
        if not self._lock.exists():
            return True
        with self._lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def token(self) -> str:
        """The stored admin token, created at the first call."""
        return self.secret(self._token)

    def secret(self, path: Path) -> str:
        """The secret that is stored there, made at the first call."""
        if not path.exists():
            write_once(path, secrets.token_urlsafe(24))
        return path.read_text()

    def pepper(self) -> str:
        """The stored secret that hashes API keys, created at the first call: another one would end all keys."""
        if not self._pepper.exists():
            write_once(self._pepper, secrets.token_hex(32))
        return self._pepper.read_text()

    def _who(self) -> str:
        held = self._held_by()
        return f"pid {held['pid']}, port {held['port']}" if held else "it has not said yet on which port"

    def _of_holder(self, what: str) -> int | None:
        """A field of what the holder has written; None also if it took the lock and has not written yet."""
        held = None if self.is_free() else self._held_by()
        return None if held is None else held[what]

    def _held_by(self) -> dict[str, int] | None:
        try:
            held: dict[str, int] = json.loads(self._holder.read_text())
        except FileNotFoundError:
            return None
        return held if _lives(held["pid"]) else None  # else of a killed one
