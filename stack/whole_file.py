"""Writes files atomically: readers, also after a kill, find the old text or the new one, never a part."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by a file with `text` and the permissions `mode`. OSError when writing fails."""
    unfinished = _unfinished(path, text, mode)
    unfinished.replace(path)


def write_once(path: Path, text: str, mode: int = 0o600) -> None:
    """As `write_whole`, but an existing file stays as it is."""
    unfinished = _unfinished(path, text, mode)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _unfinished(path: Path, text: str, mode: int) -> Path:
    file = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as stream:
        stream.write(text)
    return file
