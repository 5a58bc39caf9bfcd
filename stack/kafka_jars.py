"""Kafka's jars from Maven Central, fetched once into `.cache/`; `python -m stack.kafka_jars` fetches them now."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from stack.server import ServerError, program

POM = Path(__file__).with_name("kafka-pom.xml")
CACHE = POM.parent.parent / ".cache"


def folder() -> Path:
    """The folder of this pom's jars (`libs/`); it exists only when they are complete."""
    return CACHE / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def fetch() -> Path:
    """Return the folder of the jars, after fetching them when they are missing. ServerError when that fails."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come here at once
        if not folder().exists():
            _fetch_into(folder())
    return folder()


def _fetch_into(target: Path) -> None:
    unfinished = CACHE / "kafka-unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished / 'libs'}"]
    command = [program("mvn", "maven"), "--quiet", "--batch-mode", f"--file={POM}", *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        advice = "Maven could not fetch Kafka's jars; run it again when the network is up."
        raise ServerError(f"{advice}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    unfinished.rename(target)


if __name__ == "__main__":
    try:
        fetch()
    except ServerError as error:
        sys.exit(str(error))
