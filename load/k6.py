"""Runs k6 with a profile of k6/, prints progress, and stores its measurements in a folder."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from load.errors import NotRun
from load.recording import Recording, Sample

ROOT: Final = Path(__file__).resolve().parent.parent
PROFILES: Final = ("smoke", "payment-scenario", "stress", "spike", "soak")
THRESHOLDS_CROSSED: Final = 99
TELL_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Measured:
    """k6's results. `unknown`: requests with an unknown outcome."""

    metrics: dict[str, Any]
    samples: list[Sample]
    unknown: list[dict[str, Any]]


def find() -> str:
    """The k6 program: beside this interpreter (`make setup`), else on the PATH. NotRun when there is none."""
    beside = Path(sys.executable).with_name("k6")
    found = str(beside) if beside.exists() else shutil.which("k6")
    if not found:
        raise NotRun("k6 is not installed; `make setup` brings it, on a machine the role k6.")
    return found


def run(profile: str, variables: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> Measured:
    """Run it to its end. NotRun when k6 refuses or is stopped; crossed thresholds are in the metrics."""
    summary, unknown, recording = (
        folder / "k6-summary.json",
        folder / "unknown.log",
        Recording(folder / "seconds.ndjson"),
    )
    options = ["--quiet", "--no-usage-report", "--no-color", "--address", "", "--log-format", "raw"]
    recorded = {
        "K6_WEB_DASHBOARD": "true",
        "K6_WEB_DASHBOARD_PORT": "-1",  # no server: only the recording
        "K6_WEB_DASHBOARD_PERIOD": "1s",
        "K6_WEB_DASHBOARD_RECORD": str(folder / "seconds.ndjson"),
        "SUMMARY": str(summary),
    }
    command = [find(), "run", *options, "--console-output", str(unknown), str(ROOT / "k6" / f"{profile}.js")]
    with (folder / "k6.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**variables, **recorded}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _follow(process, recording, say)
        finally:
            process.terminate()
            process.wait()
    recording.read()
    if process.returncode not in (0, THRESHOLDS_CROSSED) or not summary.exists():
        raise NotRun(_reason(folder / "k6.log", process.returncode))
    return Measured(json.loads(summary.read_text()), recording.samples, _lines(unknown))


def _follow(process: subprocess.Popen[bytes], recording: Recording, say: Callable[[str], None]) -> None:
    while True:
        try:
            process.wait(TELL_SECONDS)
        except subprocess.TimeoutExpired:
            if new := recording.read():
                say(_progress(new))
            continue
        return


def _progress(new: list[Sample]) -> str:
    """The newest seconds in one line."""
    shown = f"{clock(new[-1].at)}  {sum(one.requests for one in new) / len(new):.0f} requests/s"
    shown += f", median {new[-1].median:.0f} ms, p95 {max(one.p95 for one in new):.0f} ms"
    for name in ("errors", "limited", "dropped"):
        if count := round(sum(getattr(one, name) for one in new)):
            shown += f", {count} {name}"
    return shown


def clock(seconds: float) -> str:
    """Minutes and seconds as on a stopwatch."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _reason(log: Path, code: int) -> str:
    """k6's own sentence, without the trace that it adds."""
    for line in log.read_text(errors="replace").splitlines():
        for start in ("test aborted: ", "Error: "):
            if start in line:
                return re.sub(r" at \S+ \(file:.*", "", line.split(start, 1)[1])
    return f"k6 ended with code {code}; see {log}."


def _lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]
