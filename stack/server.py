"""A server as a private process: start, stop, kill, freeze, thaw, restart on the same port, remove its data."""

import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from stack import workdir
from stack.parent_watchdog import bound_to_parent
from stack.ports import free_port, is_held_by

POLL_SECONDS = 0.05
STOP_SECONDS = 20.0
LOG_LINES = 30


class ServerError(RuntimeError):
    """A server could not be started or stopped; the message says what to do and ends with its log."""


def program(name: str, package: str) -> str:
    """The full path of an installed program. ServerError names the Debian package when it is missing."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if not found:
        raise ServerError(f"{name} is not installed; install the package {package} (scripts/install-servers.sh does).")
    return found


class Server(ABC):
    """One server on loopback with data of its own. A context manager: started on entry, stopped and removed on exit.

    The server ends with the thread that starts it; start it from the main thread.
    """

    name: str
    start_seconds = 90.0
    run_as = ""

    def __init__(self, folder: Path | None = None) -> None:
        """Pick a port, and a folder that is removed with the server unless one is given; nothing runs yet."""
        self.port = free_port()
        self.folder = folder or workdir.make(self.name)
        self._keeps_folder = folder is not None
        self.environment: Mapping[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._prepared = False

    @abstractmethod
    def _prepare(self) -> None:
        """Make the data folder and the configuration; called once, before the first start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command of the server, in the foreground, logging to its output."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether a real request is answered within about a second."""

    @property
    def log(self) -> Path:
        """The log file with the server's output."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The process id. ServerError when it is not running."""
        return self._running().pid

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: a signal); None while it runs, or before its start."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start and wait until it answers. ServerError with the end of its log when it does not."""
        self.launch()
        self.wait_until_it_answers()

    def launch(self) -> None:
        """Start without waiting. The server ends with the calling thread."""
        if self._process is not None and self._process.poll() is None:
            raise ServerError(f"{self.name} runs already; stop it first.")
        if not self._prepared:
            self._prepare()
            self._prepared = True
        command = bound_to_parent(self._command(), signal.SIGKILL, self.run_as)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        """Wait after `launch`. ServerError with the end of its log when it does not answer in time."""
        try:
            self._wait(self._is_up, self.start_seconds)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop it and wait; no effect when it is not running. ServerError when it does not end."""
        if self._process is None or self._process.poll() is not None:
            return
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"{self.name} did not stop within {STOP_SECONDS:g} s.{self.log_end()}") from None

    def kill(self) -> None:
        """SIGKILL it and its children (a web worker would go on answering), and wait until they have ended."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for its end; returns whether it has ended. ServerError when it was never started."""
        if self._process is None:
            raise ServerError(f"{self.name} does not run; start it first.")
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers. Returns when it is stopped."""
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        """SIGCONT; no effect when it was not frozen."""
        self._running().send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start again on the same port and data, after a clean stop if it still runs."""
        self.stop()
        self.start()

    def log_end(self) -> str:
        """The last lines of its log, for a message."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:] if self.log.exists() else []
        return "".join(f"\n  {line}" for line in [f"The end of {self.log}:", *lines])

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.kill()
        if not self._keeps_folder:
            workdir.remove(self.folder)

    def __enter__(self) -> Self:
        """Start; removes everything when that fails."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"{self.name} does not run; start it first.")
        return self._process

    def _is_up(self) -> bool:
        """Whether it answers itself, and not another process that has its port: then it is about to end."""
        assert self._process is not None
        return self._answers() and self.exit_code is None and is_held_by(self._process.pid, self.port)  # its session

    def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while not condition():
            try:
                self._process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                raise ServerError(f"{self.name} did not answer within {seconds:g} s.{self.log_end()}") from None
            raise ServerError(f"{self.name} ended with code {self._process.returncode}.{self.log_end()}")
