"""Keys of merchants that pay in a measurement."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from load.api import Api

MERCHANTS: Final = 50
"""k6/bench-authorize.js names as many."""


@contextmanager
def in_file(url: str, admin_token: str) -> Iterator[Path]:
    """A file of keys, one for each merchant; they end with the platform. Also where keys are required."""
    operators = Api(url, Api(url, admin_token).make_key(None, ("administer", "operate", "read")))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keys"
        with path.open("w", encoding="ascii") as file:
            for number in range(MERCHANTS):
                operators.make_merchant(f"BENCH-{number}")
                file.write(f"{operators.make_key(f'BENCH-{number}')}\n")
        yield path
