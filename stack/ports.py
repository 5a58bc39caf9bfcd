"""Finds free TCP ports, and the process that listens on a taken one. Loopback only."""

import fcntl
import os
import random
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

# Below the range of ephemeral ports of Linux and macOS: in that range a client that retries a stopped server can take
# the server's port, or even connect to itself.
SERVER_PORTS = range(20000, 32000)

_reserved: set[int] = set()
_reserving = threading.Lock()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, to use ports of closed connections
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nothing listens now, and which is not drawn again while this process lives (by the same user).

    Else two servers may get one port: neither listens yet, or one is stopped and will start again. OSError when none is
    found.
    """
    for port in random.sample(SERVER_PORTS, 200):
        if is_free(port) and _reserve(port):
            return port
    raise OSError(f"no free port found between {SERVER_PORTS.start} and {SERVER_PORTS.stop}; stop some servers")


def _reserve(port: int) -> bool:
    with _reserving:
        if port in _reserved:
            return False
        file = _reservations()
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:  # another process has it
            return False
        _reserved.add(port)
        return True


@cache
def _reservations() -> int:
    """The open file in which a lock on the byte at PORT reserves that port; the kernel frees it with the process."""
    name = Path(tempfile.gettempdir()) / f"payops-ports-{os.getuid()}"
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def next_free(port: int) -> int:
    """The first free port from `port` up, for a message; `port` itself when none is free."""
    return next((candidate for candidate in range(port, min(port + 100, 65536)) if is_free(candidate)), port)


def holder(port: int) -> tuple[int, str] | None:
    """(pid, program name) of the process that listens on `port`; None when that is unknown."""
    pid = _pid_from_proc(port) if Path("/proc/net/tcp").exists() else _pid_from_lsof(port)
    return (pid, _program(pid)) if pid else None


def is_held_by(session: int, port: int) -> bool:
    """Whether a process of that session listens on `port`; True also when that is unknown (as in `of_process`)."""
    files = [file for pid in _members(session) for file in _open_files(Path("/proc") / str(pid))]
    return not files or port in map(_listening().get, files)


def _members(session: int) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(process.name)) == session:
                yield int(process.name)


def of_process(pid: int) -> list[int]:
    """The ports on which a process listens; empty when that is unknown (the process ended, or this is not Linux)."""
    listening = _listening()
    return sorted({listening[socket] for socket in _open_files(Path("/proc") / str(pid)) if socket in listening})


def _listening() -> dict[str, int]:
    """Listening socket, as in /proc → its port."""
    found = {}
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
        # local address, state (0A = listening), inode; see proc(5)
        found.update({f"socket:[{row[9]}]": int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"})
    return found


def _open_files(process: Path) -> list[str]:
    found = []
    try:
        for link in (process / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                found.append(str(link.readlink()))
    except OSError:  # the process ended, or belongs to another user
        return []
    return found


def _pid_from_proc(port: int) -> int | None:
    wanted = {socket for socket, listened in _listening().items() if listened == port}
    for process in Path("/proc").glob("[0-9]*"):
        if wanted.intersection(_open_files(process)):
            return int(process.name)
    return None


def _pid_from_lsof(port: int) -> int | None:
    command = ["lsof", "-ti", f"tcp:{port}", "-sTCP:LISTEN"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return int(found.stdout.split()[0]) if found.stdout.split() else None


def _program(pid: int) -> str:
    comm = Path(f"/proc/{pid}/comm")
    if comm.exists():
        return comm.read_text().strip()
    shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return Path(shown.stdout.strip()).name or "unknown"
