"""Where the api's time goes: py-spy's samples of the web worker under load, summed by layer."""

import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import k6
from bench.platform import processes
from bench.repetition import SEARCH_SECONDS, USERS
from bench.session import Session

LAYERS: Final = (
    ("payments/payment/admission", "Redis script, our side"),
    ("redis/", "redis-py"),
    ("pymysql/", "PyMySQL"),
    ("sqlalchemy/", "SQLAlchemy"),
    ("payments/", "payments (rules, use cases, stores)"),
    ("app/", "app (routes, queue, schemas)"),
    ("pydantic/", "pydantic"),
    ("prometheus", "metrics"),
    ("werkzeug/", "Werkzeug"),
    ("flask", "Flask"),
    ("gunicorn/", "gunicorn"),
    ("gevent/", "gevent"),
)
"""Part of a frame's path → its layer; the first that matches counts."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Percent of the samples by layer, largest first; and every stack as a flame graph (SVG)."""

    layers: list[tuple[str, float]]
    flames: str


class Recorder:
    """py-spy, attached to one process for some seconds. `kind`: raw (stacks with their counts) or flamegraph (SVG)."""

    def __init__(self, pid: int, seconds: int, folder: Path, kind: str) -> None:
        self._path = folder / kind
        command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--rate", "200"]
        options = ["--duration", str(seconds), "--format", kind, "--output", str(self._path)]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def output(self) -> str:
        """What py-spy wrote, once it has ended. RuntimeError when it could not record."""
        printed, _ = self._process.communicate()
        if not self._path.exists():
            raise RuntimeError(f"py-spy could not record: {printed.decode()}")
        return self._path.read_text()


def recorded(session: Session) -> Profile:
    """Of the web worker at full load."""
    session.drain()
    worker = processes(session.platform, "api")[-1]
    outputs = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("raw", "flamegraph"):  # py-spy writes one of them at a time
            recorder = Recorder(worker.pid, SEARCH_SECONDS, Path(folder), kind)
            k6.of_users(session.platform.api.url, USERS, SEARCH_SECONDS + 2, k6.AUTHORIZE)
            outputs[kind] = recorder.output()
    return Profile(layers(outputs["raw"]), outputs["flamegraph"])


def layers(stacks: str) -> list[tuple[str, float]]:
    """(layer, percent of samples) of raw stacks, by the innermost frame, largest first."""
    counted: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, samples = line.rpartition(" ")
        counted[_layer(stack.rpartition(";")[2])] += int(samples)
    total = sum(counted.values())
    return [(name, 100 * count / total) for name, count in counted.most_common()]


def _layer(frame: str) -> str:
    return next((name for part, name in LAYERS if part in frame), "Python's library and others")
