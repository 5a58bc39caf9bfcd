"""scripts/setup-env.sh: says in one sentence what a machine lacks, and makes .venv with the best Python there is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD = 'case "$*" in *platform*) echo 3.9.2; exit 0;; esac; exit 1'
GOOD = 'case "$*" in *interpreter.py) exit 1;; esac'
OPTIMIZED = "exit 0"
UV = 'case "$1" in --version) echo uv 0.9.9;; *) while [ "$1" != --python ]; do shift; done; echo "took $2";; esac'


class TestRefusals:
    """On machines without a requirement."""

    @pytest.mark.parametrize(
        ("python3", "said"),
        [
            ("", "Python is missing; install Python 3.11 or newer"),
            (OLD, "Python 3.9.2 is too old; install Python 3.11 or newer"),
            (
                f'case "$*" in *ensurepip*|*"-m pip"*) exit 1;; esac; exec {sys.executable} "$@"',
                "Python's venv module is missing; run `apt-get install python3-venv` as root",
            ),
        ],
        ids=["no python", "old python", "no venv"],
    )
    def test_says_what_to_install(self, tmp_path: Path, python3: str, said: str) -> None:
        done = set_up(tmp_path, {"python3": python3} if python3 else {})
        assert done.returncode == 1
        assert done.stderr.startswith(said)
        assert done.stderr.count("\n") == 1


def test_does_nothing_when_the_lock_file_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    checksum = subprocess.run(
        ["sh", "-c", "cat uv.lock pyproject.toml | cksum | tr ' ' -"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (tmp_path / ".venv/payops-lock").write_text(f"{checksum.stdout.strip()} dev\n")
    done = set_up(tmp_path, {})  # no Python, no uv: it could not do anything
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class TestChoice:
    """Of the Pythons that are new enough, an optimized build; if there is none, the first."""

    @pytest.mark.parametrize(
        ("pythons", "taken"),
        [
            ({"python3": GOOD}, "python3"),
            ({"python3": GOOD, "python3.12": GOOD}, "python3"),
            ({"python3": GOOD, "python3.12": GOOD, "python3.11": OPTIMIZED}, "python3.11"),
            ({"python3": OLD, "python3.12": GOOD, "python3.11": OPTIMIZED}, "python3.11"),
            ({"python3": OPTIMIZED, "python3.13": OPTIMIZED}, "python3"),
        ],
    )
    def test_of_those_on_the_path(self, tmp_path: Path, pythons: dict[str, str], taken: str) -> None:
        assert taken_by(tmp_path, pythons) == f"{tmp_path}/programs/{taken}"

    def test_one_of_uv_but_none_without_its_lock(self, tmp_path: Path) -> None:
        """A build without the interpreter's lock has another name; our packages have no wheels for it."""
        for name in ("cpython-3.13.1+freethreaded-linux-x86_64-gnu", "cpython-3.12.11-linux-x86_64-gnu"):
            write(tmp_path / "uv" / name / "bin/python3", OPTIMIZED)
        found = taken_by(tmp_path, {"python3": GOOD}, UV_PYTHON_INSTALL_DIR=str(tmp_path / "uv"))
        assert found == f"{tmp_path}/uv/cpython-3.12.11-linux-x86_64-gnu/bin/python3"

    def test_that_of_the_environment_stays(self, tmp_path: Path) -> None:
        write(tmp_path / ".venv/bin/python", GOOD)
        assert taken_by(tmp_path, {"python3": OPTIMIZED}) == ".venv/bin/python"

    def test_the_one_that_is_asked_for(self, tmp_path: Path) -> None:
        wanted = write(tmp_path / "wanted", GOOD)
        assert taken_by(tmp_path, {"python3": OPTIMIZED}, PYTHON=str(wanted)) == str(wanted)


def taken_by(folder: Path, pythons: dict[str, str], **variables: str) -> str:
    """The Python that uv is told to make .venv with."""
    (folder / ".venv").mkdir(exist_ok=True)
    done = set_up(folder, {"uv": UV, **pythons}, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rpartition("took ")[2].strip()


def set_up(folder: Path, programs: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it in a bare copy of the repository, on a machine that has few programs and these shell scripts."""
    for name in ("uv.lock", "pyproject.toml", "scripts"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    path = folder / "programs"
    path.mkdir()
    for name in ("bash", "env", "cat", "cksum", "tr", "cut", "dirname", "rm", "mkdir", "sh"):
        (path / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        write(path / name, text)
    command = [str(folder / "scripts/setup-env.sh"), "run"]
    environment = {"PATH": str(path), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def write(file: Path, text: str) -> Path:
    """A program that runs this shell script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file
