"""`start ADDRESS` builds the stand-ins and serves them there until `stop`; a pid file names the process."""

import json
import os
import shutil
import signal
import subprocess
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.stand_ins import envoy, packages, plugin_tool, repository

PORT: Final = 8099
STATE: Final = Path(__file__).parents[2] / ".state" / "stand-ins"
PID_FILE: Final = STATE / "pid"
SITE: Final = STATE / "site"
SUITES: Final = {"envoy": "bookworm", "grafana": "stable", "jenkins": "binary/", "ngrok": "bookworm"}


def build() -> None:
    """Build everything again, with the same key, which machines already trust."""
    work = STATE / "build"
    for folder in (work, SITE):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    signer = repository.Signer(STATE / "gnupg")
    plugin_tool.build(work)
    for package in packages.PACKAGES:
        repository.publish(packages.build(package, work), SITE / package.name, SUITES[package.name], signer)
    repository.publish(envoy.build(work), SITE / "envoy", SUITES["envoy"], signer)
    _pin(signer.fingerprint(), work)
    signer.close()
    for path in work.glob(f"{plugin_tool.NAME}*"):
        shutil.copy2(path, SITE / "jenkins")


def _pin(fingerprint: str, work: Path) -> None:
    """Variables that replace group_vars/all/pins.yml, the roles' defaults and jenkins/plugins.sha256."""
    listed = STATE / "plugins.sha256"
    listed.write_text(
        "".join(f"{plugin_tool.checksum(text)}  {name}\n" for name, text in plugin_tool.plugins().items())
    )
    pins = {f"{name}_apt_key_fingerprint": fingerprint for name in SUITES}
    pins["jenkins_plugin_manager_checksum"] = plugin_tool.checksum((work / plugin_tool.NAME).read_bytes())
    pins["jenkins_plugins_checksums_source"] = str(listed)
    (STATE / "pins.yml").write_text(json.dumps(pins))


def serve(address: str) -> None:
    """Serve until killed."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(SITE))

    ThreadingHTTPServer((address, PORT), Files).serve_forever()


@retry(retry=retry_if_exception_type(URLError), stop=stop_after_delay(10), wait=wait_fixed(0.1), reraise=True)
def wait_until_served(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until it answers; fails with its output when it has ended."""
    if process.poll() is not None:
        sys.exit(f"The server of the stand-ins has ended:\n{(STATE / 'log').read_text()}")
    with urlopen(f"http://{address}:{PORT}/ngrok/key.asc", timeout=2):
        pass


def start(address: str) -> None:
    """Build, then serve in the background."""
    stop()
    build()
    with (STATE / "log").open("w") as log:
        command = [sys.executable, "-m", "tests.stand_ins", "serve", address]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    PID_FILE.write_text(str(process.pid))
    wait_until_served(address, process)
    print(f"stand-ins for {', '.join(SUITES)} on http://{address}:{PORT}")


def stop() -> None:
    """End the server that the pid file names, if it is still the same process."""
    if not PID_FILE.exists():
        return
    pid = int(PID_FILE.read_text())
    command_line = Path(f"/proc/{pid}/cmdline")
    if command_line.exists() and b"tests.stand_ins" in command_line.read_bytes():
        os.kill(pid, signal.SIGTERM)
    PID_FILE.unlink()


def main() -> None:
    """`start ADDRESS`, `serve ADDRESS` in the foreground, or `stop`."""
    match sys.argv[1:]:
        case ["start", address]:
            start(address)
        case ["serve", address]:
            serve(address)
        case ["stop"]:
            stop()
        case _:
            sys.exit("usage: tests/stand_ins/serve start ADDRESS | stop")


if __name__ == "__main__":
    main()
