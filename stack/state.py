"""The folder that holds everything `make run` keeps: where each thing lies, and the lock that lets only one run."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# A Unix socket's path holds 104 bytes on macOS, 108 on Linux; supervisord adds its pid while it binds.
SOCKET_PATH_LIMIT = 90


class AlreadyRuns(RuntimeError):
    """Another process holds the folder; the message says which."""


def chosen(root: Path, given: Mapping[str, str]) -> "State":
    """The state that the environment `given` chooses (PAYOPS_STATE), else `.state` below `root`."""
    return State(Path(given.get("PAYOPS_STATE") or root / ".state"))


def _short(socket: Path) -> Path:
    """The path itself, or one in the folder for temporary files when a socket cannot have such a long one."""
    if len(os.fsencode(socket)) <= SOCKET_PATH_LIMIT:
        return socket
    name = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"payops-{name}.sock"


class State:
    """Paths below one private folder (mode 0700)."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made by `prepare`, not here."""
        self.folder = folder.resolve()
        self.logs = self.folder / "logs"
        self.socket = _short(self.folder / "supervisor.sock")
        self.supervisor_configuration = self.folder / "supervisord.conf"
        self.redis_configuration = self.folder / "redis.conf"
        self.bootstrap = self.folder / "kafka-bootstrap"
        self.database = self.folder / "payops.db"
        self.last_answer = self.folder / "authorized.json"
        self._token = self.folder / "admin-token"
        self._holder = self.folder / "running.json"

    def prepare(self) -> None:
        """Make the folders."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        self.logs.mkdir(exist_ok=True)

    @contextmanager
    def held(self, port: int) -> Iterator[None]:
        """Hold the folder for this process, which serves on `port`. AlreadyRuns when another one does."""
        with self._holder.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                advice = "look with `make status`, or stop it with Ctrl-C where it was started."
                raise AlreadyRuns(f"payops runs already ({self._who()}); {advice}") from None
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "port": port}))
            file.flush()
            yield

    def port(self) -> int | None:
        """The port of the running platform; None when nothing runs."""
        return None if self.is_free() else int(self._read()["port"])

    def pid(self) -> int | None:
        """The process that holds the folder; None when nothing runs."""
        return None if self.is_free() else int(self._read()["pid"])

    def is_free(self) -> bool:
        """Whether nobody holds the folder."""
        if not self._holder.exists():
            return True
        with self._holder.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def token(self) -> str:
        """The admin token kept here, made at the first call."""
        if not self._token.exists():
            self._token.touch(mode=0o600)
            self._token.write_text(secrets.token_urlsafe(24))
        return self._token.read_text()

    def _who(self) -> str:
        held = self._read()
        return f"pid {held['pid']}, port {held['port']}"

    def _read(self) -> dict[str, int]:
        return dict(json.loads(self._holder.read_text()))
