"""Builds the stand-in packages: each has a program, its user, and a unit if the real package has one."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent

_MAKE_USER: Final = """\
#!/bin/sh
set -e
getent passwd {user} >/dev/null || useradd --system --home-dir {home} --shell /usr/sbin/nologin {user}
"""
_START: Final = """\
#!/bin/sh
set -e
chown {user}:{user} {owned}
deb-systemd-helper enable {unit} >/dev/null
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  deb-systemd-invoke restart {unit}
fi
"""


@dataclass(frozen=True)
class Package:
    """One stand-in: the package that it replaces, and the paths of its files."""

    name: str
    version: str
    program: str
    depends: str = "python3"
    unit: str = ""
    home: str = ""
    empty_files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    """Files built before the package, for /usr/share/java."""


PACKAGES: Final = (
    Package(
        "grafana",
        "12.4.3",
        "usr/sbin/grafana",
        unit="grafana-server.service",
        home="/var/lib/grafana",
        empty_files=("etc/default/grafana-server", "usr/share/grafana/stand-in"),
        folders=("etc/grafana/provisioning", "var/lib/grafana", "var/log/grafana"),
    ),
    Package(
        "jenkins",
        "2.541.3",
        "usr/bin/jenkins",
        unit="jenkins.service",
        home="/var/lib/jenkins",
        empty_files=("usr/share/java/jenkins.war",),
        folders=("var/lib/jenkins",),
        jars=("stand-in-agent.jar",),
    ),
    Package("ngrok", "3.39.8-0", "usr/local/bin/ngrok", depends="python3, python3-yaml"),
)


def build(package: Package, folder: Path) -> Path:
    """The .deb of `package`, in `folder`."""
    tree = folder / f"{package.name}-tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in package.folders:
        (tree / name).mkdir(parents=True)
    for name in package.empty_files:
        _write(tree / name, "")
    for name in package.jars:
        target = tree / "usr/share/java" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target)
        target.chmod(0o644)
    _write(tree / package.program, (HERE / "programs" / f"{package.name}.py").read_text(), 0o755)
    _write(tree / "DEBIAN/control", _control(package))
    if package.unit:
        _write(tree / "lib/systemd/system" / package.unit, (HERE / "units" / package.unit).read_text())
        values = {"user": package.name, "home": package.home, "unit": package.unit}
        owned = " ".join(f"/{name}" for name in package.folders if name.startswith("var/"))
        _write(tree / "DEBIAN/preinst", _MAKE_USER.format(**values), 0o755)
        _write(tree / "DEBIAN/postinst", _START.format(**values, owned=owned), 0o755)
    target = folder / f"{package.name}_{package.version}_all.deb"
    command = ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", str(tree), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def _control(package: Package) -> str:
    return (
        f"Package: {package.name}\nVersion: {package.version}\nArchitecture: all\nMaintainer: payops\n"
        f"Depends: {package.depends}\nSection: misc\nPriority: optional\n"
        f"Description: STAND-IN for {package.name}\n"
        " Has the unit, the paths and the ports of the real package and nothing else. For tests without a network.\n"
    )


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
