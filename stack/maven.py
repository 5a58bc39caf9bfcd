"""Jars from Maven Central, fetched once into `.cache/`: one folder for each pom, by its checksum."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from stack.server import ServerError, program

CACHE = Path(__file__).resolve().parent.parent / ".cache"


def fetch(pom: Path, name: str) -> Path:
    """The folder whose `libs/` has the runtime jars of `pom`; fetched when missing. ServerError when that fails."""
    folder = CACHE / f"{name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may run this at once
        if not folder.exists():
            _fetch_into(folder, pom, name)
    return folder


def _fetch_into(folder: Path, pom: Path, name: str) -> None:
    unfinished = CACHE / f"{name}-unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished / 'libs'}"]
    command = [program("mvn", "maven"), "--quiet", "--batch-mode", f"--file={pom}", *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        advice = f"Maven could not fetch the jars of {pom.name}; run it again when the network is up."
        raise ServerError(f"{advice}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    unfinished.rename(folder)
