"""Builds the stand-ins for Jenkins' plugin tool and its agent: real jars, because the role runs them with a real Java.

The plugins are in the jar, empty but for their names and versions, so that their checksums are known.
"""

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from stack.maven import fetch
from stack.server import program

HERE: Final = Path(__file__).parent
LIST: Final = HERE.parents[1] / "jenkins/plugins.txt"
NAME: Final = "jenkins-plugin-manager.jar"
AGENT: Final = "stand-in-agent.jar"


def build(folder: Path) -> None:
    """The tool's jar and the file with its checksum, in `folder`; and the agent's jar, for Jenkins' package."""
    classes = _compiled(folder)
    _jar(folder / NAME, classes, "PluginTool", {f"plugins/{name}": text for name, text in plugins().items()})
    (folder / f"{NAME}.sha256").write_text(checksum((folder / NAME).read_bytes()))
    _jar(folder / AGENT, classes, "Agent", {})


def _compiled(folder: Path) -> Path:
    classes = folder / "classes"
    compiler = fetch(HERE / "compiler-pom.xml", "java-compiler") / "libs" / "*"
    java = program("java", "openjdk-17-jre-headless")
    main = "org.eclipse.jdt.internal.compiler.batch.Main"
    sources = [str(path) for path in sorted((HERE / "programs").glob("*.java"))]
    command = [java, "-cp", str(compiler), main, "-17", "-d", str(classes), *sources]
    subprocess.run(command, check=True, capture_output=True)
    return classes


def _jar(target: Path, classes: Path, main: str, others: dict[str, bytes]) -> None:
    with zipfile.ZipFile(target, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\nMain-Class: {main}\n\n")
        for path in sorted(classes.glob(f"{main}*.class")):
            jar.write(path, path.name)
        for name, content in others.items():
            jar.writestr(name, content)


def plugins() -> dict[str, bytes]:
    """File name → content of each plugin of the list; the same at each call."""
    lines = [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return {f"{name}.jpi": _plugin(name, version) for name, version in (line.split(":") for line in lines)}


def _plugin(name: str, version: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as jar:
        manifest = f"Manifest-Version: 1.0\r\nShort-Name: {name}\r\nPlugin-Version: {version}\r\n\r\n"
        jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), manifest)  # of 1980: the same bytes each time
    return archive.getvalue()


def checksum(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
