"""Folders that live as long as the process that made them; the next process removes those of killed ones."""

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "payops-"


def make(name: str) -> Path:
    """A new private folder for `name`; its process removes it with `remove`, or a later `make` if it died."""
    _sweep()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{name}-"))


def remove(folder: Path) -> None:
    """Remove the folder with its content, if it exists."""
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        maker = int(folder.name.removeprefix(PREFIX).split("-")[0])
        if not _lives(maker):
            remove(folder)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
