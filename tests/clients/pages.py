"""Programs of documentation pages: the blocks of one language in their order, and how they are run."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.repo.sources import ROOT

_BLOCK: Final = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each block of a page."""
    return _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def program(page: str, language: str) -> str:
    """All blocks of one language."""
    return "\n".join(text for name, text in blocks(page) if name == language)


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with variables beside those of this process; it must succeed."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def with_payops(folder: Path, module: str) -> dict[str, str]:
    """Variables with which `payops` is `python -m module`."""
    command = folder / "bin" / "payops"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
    command.chmod(0o755)
    return {"PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": f"{ROOT / 'clients/python'}:{ROOT}"}
