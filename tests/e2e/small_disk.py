"""A small disk that only one node exporter sees: a tmpfs in its own mount namespace, which ends with the exporter."""

import os
from pathlib import Path

import psutil

from stack.server import program
from tests.exporters import Exporter

DEVICE = "small"
"""Its mount point in the exporter's metrics."""
SIZE_MB = 16
FULL_MB = SIZE_MB - 0.5


class SmallDisk(Exporter):
    """A node exporter with one more disk than the machine has. End it by `kill`."""

    def __init__(self) -> None:
        """Pick a port and a folder; nothing is mounted yet."""
        super().__init__("node-exporter", "--web.listen-address")
        self._mountpoint = self.folder / "disk"

    def fill(self) -> None:
        """Leave less than 5 % free."""
        self._filling.write_bytes(bytes(int(FULL_MB * 2**20)))

    def empty(self) -> None:
        """Free it again."""
        self._filling.unlink()

    def _prepare(self) -> None:
        self._mountpoint.mkdir()

    def _command(self) -> list[str]:
        # in a process namespace of its own too: the exporter reads the mounts of process 1
        unshare = [program("unshare", "util-linux"), "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        mount = f'mount -t tmpfs -o size={SIZE_MB}m {DEVICE} "$0" && exec "$@"'
        return [*unshare, *user, "sh", "-c", mount, str(self._mountpoint), *super()._command()]

    @property
    def _filling(self) -> Path:
        """The file's path from outside, through the root folder of a process inside."""
        inside = psutil.Process(self.pid).children()[0].pid
        return Path(f"/proc/{inside}/root{self._mountpoint}/filling")
