"""Releases made for tests: the same sources under another version, and some whose api cannot start or answer."""

import os
import shutil
import subprocess
import textwrap
import uuid
import zipfile
from pathlib import Path
from typing import Final

from tests.vm.machines import ROOT

DIST: Final = ROOT / "dist"
CANNOT_START: Final = """
raise RuntimeError("this release is broken")
"""
"""Before app/wsgi.py."""
CANNOT_ANSWER: Final = """
sound_app = app.wsgi_app


def broken_app(environ, start_response):
    if environ["PATH_INFO"] == "/health/live":
        return sound_app(environ, start_response)
    start_response("500 Internal Server Error", [("Content-Length", "0")])
    return []


app.wsgi_app = broken_app
"""
"""After app/wsgi.py: the gateway finds it live, and it answers everything else 500."""


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


def build_broken(version: str, sound: str, instances: tuple[int, ...], *, before: str = "", after: str = "") -> None:
    """A copy of the release `sound`. These instances of its api run other code before and after app/wsgi.py."""
    before, after = _in_instances(instances, before), _in_instances(instances, after)
    with (
        zipfile.ZipFile(_wheel(sound)) as source,
        zipfile.ZipFile(_wheel(version), "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "app/wsgi.py":
                content = before.encode() + content + after.encode()
            elif ".dist-info/" in item.filename:
                content = content.replace(sound.encode(), version.encode())
            target.writestr(item.filename.replace(f"payops-{sound}.", f"payops-{version}."), content)
    shutil.copy(DIST / f"requirements-{sound}.txt", DIST / f"requirements-{version}.txt")


def _in_instances(instances: tuple[int, ...], code: str) -> str:
    return f'\nimport os\nif int(os.environ["PORT"]) in {instances}:\n{textwrap.indent(code, "    ")}' if code else ""


def remove(version: str) -> None:
    """Remove a release made here."""
    for file in (_wheel(version), DIST / f"requirements-{version}.txt"):
        file.unlink(missing_ok=True)


def new_version(kind: str) -> str:
    """An unused version."""
    return f"0.1.0+{kind}.{uuid.uuid4().hex[:8]}"


def _wheel(version: str) -> Path:
    return DIST / f"payops-{version}-py3-none-any.whl"
