"""Where the api's time goes: py-spy's samples of the web worker under load, summed by layer."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

LAYERS: Final = (
    ("payments/adapters/redis_gate", "Redis script, our side"),
    ("redis/", "redis-py"),
    ("pymysql/", "PyMySQL"),
    ("sqlalchemy/", "SQLAlchemy"),
    ("payments/", "payments (domain, service, stores)"),
    ("app/", "app (routes, queue, schemas)"),
    ("pydantic/", "pydantic"),
    ("prometheus", "metrics"),
    ("werkzeug/", "Werkzeug"),
    ("flask", "Flask"),
    ("gunicorn/", "gunicorn"),
    ("gevent/", "gevent"),
)


class Recorder:
    """py-spy, attached to one process for some seconds."""

    def __init__(self, pid: int, seconds: int, folder: Path) -> None:
        self._raw = folder / "profile.txt"
        command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--rate", "200"]
        options = ["--duration", str(seconds), "--format", "raw", "--output", str(self._raw)]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def shares(self) -> list[tuple[str, float]]:
        """(layer, percent of samples) by the innermost frame, largest first. RuntimeError when py-spy could not."""
        said, _ = self._process.communicate()
        if not self._raw.exists():
            raise RuntimeError(f"py-spy could not record: {said.decode()}")
        counted: Counter[str] = Counter()
        for line in self._raw.read_text().splitlines():
            stack, _, samples = line.rpartition(" ")
            counted[_layer(stack.rpartition(";")[2])] += int(samples)
        total = sum(counted.values())
        return [(name, 100 * count / total) for name, count in counted.most_common()]


def _layer(frame: str) -> str:
    return next((name for part, name in LAYERS if part in frame), "Python's library and others")
