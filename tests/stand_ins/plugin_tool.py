"""Builds the stand-in for Jenkins' plugin tool: a real jar, for the role runs it with a real Java."""

import hashlib
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from stack.maven import fetch
from stack.server import program

HERE: Final = Path(__file__).parent
NAME: Final = "jenkins-plugin-manager.jar"


def build(folder: Path) -> None:
    """The jar and the file with its checksum, in `folder`."""
    classes = folder / "classes"
    compiler = fetch(HERE / "compiler-pom.xml", "java-compiler") / "libs" / "*"
    source = HERE / "programs" / "PluginTool.java"
    java = program("java", "openjdk-17-jre-headless")
    main = "org.eclipse.jdt.internal.compiler.batch.Main"
    command = [java, "-cp", str(compiler), main, "-17", "-d", str(classes), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(folder / NAME, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: PluginTool\n\n")
        for path in sorted(classes.glob("*.class")):
            jar.write(path, path.name)
    digest = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
    (folder / f"{NAME}.sha256").write_text(digest)
