"""Builds the shop into frontend/dist, unless that is up to date: `python -m stack.shop [URL]`.

`make run` starts it when the platform is up, so that it does not delay payments; tests and releases call `build`.
With a URL it prints the result.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from stack.node import Node, NoNode, find
from stack.parent_watchdog import bound_to_parent

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
DIST = FRONTEND / "dist"
CACHE = ROOT / ".cache" / "shop"
LOG = CACHE / "build.log"
NICENESS = 10
LOG_LINES = 15


class NotBuilt(RuntimeError):
    """The shop could not be built; the message ends with the tool's output."""


def build() -> Path:
    """Build the shop if needed; returns its folder. NotBuilt when a tool failed, NoNode when there is no Node."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a test may build at the same time as `make run`
        if not is_built():
            with LOG.open("w") as log:
                _build(find(), log)
    return DIST


def is_built() -> bool:
    """Whether frontend/dist is of the current sources."""
    return (DIST / "index.html").exists() and _read(CACHE / "built") == _sources()


def with_packages() -> Node:
    """Node, with the packages of package-lock.json in frontend/node_modules."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock, LOG.open("w") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        node = find()
        _install(node, log)
    return node


def _build(node: Node, log: IO[str]) -> None:
    sources = _sources()
    _install(node, log)
    unfinished, former = CACHE / "unfinished", CACHE / "former"
    vite = [node.node, "node_modules/vite/bin/vite.js", "build", "--emptyOutDir", "--outDir", str(unfinished)]
    run(vite, log)
    shutil.rmtree(former, ignore_errors=True)
    if DIST.exists():
        DIST.rename(former)
    unfinished.rename(DIST)  # atomic: no page without its files
    (CACHE / "built").write_text(sources)


def _install(node: Node, log: IO[str]) -> None:
    wanted = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    if (FRONTEND / "node_modules").is_dir() and _read(CACHE / "packages") == wanted:
        return
    run([*node.npm, "ci"], log, PATH=f"{Path(node.node).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    (CACHE / "packages").write_text(wanted)


def run(command: Sequence[str], log: IO[str], **more: str) -> None:
    """Run a tool that builds the shop. NotBuilt with the end of what it printed when it fails."""
    log.flush()
    done = subprocess.run(
        bound_to_parent(list(command), signal.SIGKILL),
        cwd=FRONTEND,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        check=False,
    )
    if done.returncode != 0:
        end = "".join(f"\n  {line}" for line in LOG.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise NotBuilt(f"`{Path(command[0]).name}` ended with code {done.returncode}; the end of {LOG}:{end}")


def _sources() -> str:
    """A checksum of the shop's sources."""
    files = [*(FRONTEND / "src").rglob("*"), *FRONTEND.glob("*.*")]
    found = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        found.update(f"{file.relative_to(FRONTEND)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def main(url: str = "") -> int:
    """Build and print the result; returns the exit code."""
    if url and not is_built():
        print("the shop is being built; it says here when it is ready", flush=True)
    try:
        build()
    except (NotBuilt, NoNode) as error:
        print(f"The shop could not be built; everything else runs. {error}", file=sys.stderr, flush=True)
        return 1
    if url:
        print(f"the shop is ready: {url}", flush=True)
    return 0


if __name__ == "__main__":
    os.nice(NICENESS)  # the platform gets the CPU first
    sys.exit(main(*sys.argv[1:]))
