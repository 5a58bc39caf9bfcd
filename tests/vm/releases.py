"""Releases made for tests: the same sources under another version, and one whose api cannot start."""

import os
import shutil
import subprocess
import uuid
import zipfile
from pathlib import Path
from typing import Final

from tests.vm.machines import ROOT

DIST: Final = ROOT / "dist"


def build(version: str) -> None:
    """The sources as they are, named `version`; dist/VERSION stays what it was."""
    before = (DIST / "VERSION").read_text()
    subprocess.run(
        [str(ROOT / "scripts/build-release.sh")],
        env={**os.environ, "PAYOPS_VERSION": version},
        check=True,
        capture_output=True,
    )
    (DIST / "VERSION").write_text(before)


def build_broken(version: str, sound: str, instances: tuple[int, ...]) -> None:
    """A copy of the release `sound`; these instances of its api fail as soon as they are loaded."""
    fault = f'import os\nif int(os.environ["PORT"]) in {instances}:\n    raise RuntimeError("this release is broken")\n'
    with (
        zipfile.ZipFile(_wheel(sound)) as source,
        zipfile.ZipFile(_wheel(version), "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "app/wsgi.py":
                content = fault.encode() + content
            elif ".dist-info/" in item.filename:
                content = content.replace(sound.encode(), version.encode())
            target.writestr(item.filename.replace(f"payops-{sound}.", f"payops-{version}."), content)
    shutil.copy(DIST / f"requirements-{sound}.txt", DIST / f"requirements-{version}.txt")


def remove(version: str) -> None:
    """Remove a release made here."""
    for file in (_wheel(version), DIST / f"requirements-{version}.txt"):
        file.unlink(missing_ok=True)


def new_version(kind: str) -> str:
    """An unused version."""
    return f"0.1.0+{kind}.{uuid.uuid4().hex[:8]}"


def _wheel(version: str) -> Path:
    return DIST / f"payops-{version}-py3-none-any.whl"
