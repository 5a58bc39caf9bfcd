"""The acquirer's simulator as a process beside the platform: its settings, and what the platform is told of it."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stack.readiness import get_json
from stack.server import Server
from stack.state import State

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = (sys.executable, "-m", "psp")


@dataclass(frozen=True)
class Access:
    """Where the simulator is on this machine, and what opens it."""

    port: int
    key: str = field(repr=False)
    publishable_key: str = field(repr=False)
    control_token: str = field(repr=False)

    @property
    def url(self) -> str:
        """The base URL; its page is at /."""
        return f"http://127.0.0.1:{self.port}"

    def of_simulator(self, database: Path, origins: Iterable[str]) -> dict[str, str]:
        """The simulator's settings. `origins`: of the pages that may ask for tokens."""
        return {
            "PSP_KEYS": self.key,
            "PSP_PUBLISHABLE_KEY": self.publishable_key,
            "PSP_CONTROL_TOKEN": self.control_token,
            "PSP_DATABASE": str(database),
            "PSP_HOST": "127.0.0.1",
            "PSP_PORT": str(self.port),
            "PSP_SHOP_ORIGINS": ",".join(origins),
        }

    def of_platform(self) -> dict[str, str]:
        """Settings of the api and of housekeeping; browsers reach the simulator where the platform does."""
        return {
            "APP_ACQUIRER_URL": self.url,
            "APP_ACQUIRER_KEY": self.key,
            "APP_ACQUIRER_PUBLIC_URL": self.url,
            "APP_ACQUIRER_PUBLISHABLE_KEY": self.publishable_key,
        }


def kept_access(state: State, port: int) -> Access:
    """The simulator of `make run` on this port, with the keys that the state folder keeps."""
    files = (state.acquirer_key, state.acquirer_publishable_key, state.acquirer_token)
    return Access(port, *map(state.secret, files))


class AcquirerServer(Server):
    """`python -m psp` on a free port with a file of its own, which is removed with it."""

    name = "psp"
    start_seconds = 30.0

    def __init__(self, key: str, publishable_key: str, control_token: str, origins: Iterable[str] = ()) -> None:
        """Pick a port and a folder; nothing runs yet. `origins`: of the pages that may ask for tokens."""
        super().__init__()
        self.access = Access(self.port, key, publishable_key, control_token)
        self.database = self.folder / "psp.db"
        self.environment = {"PYTHONPATH": str(ROOT), **self.access.of_simulator(self.database, origins)}

    def _prepare(self) -> None:
        """The file is made by the simulator."""

    def _command(self) -> list[str]:
        return list(COMMAND)

    def _answers(self) -> bool:
        return get_json(f"{self.access.url}/health", seconds=1) is not None
