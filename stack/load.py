"""`make load`: runs a load test on the running `make run`, on a real stack of its own (TARGET=real), or on BASE_URL.

Reads the environment, with PROFILE and the variables of k6's scripts. The load test itself is in load/.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from load import k6, lab
from load.api import Api
from load.lab import Target
from stack.platform import real_platform
from stack.readiness import get_json
from stack.server import ServerError
from stack.state import chosen

ROOT = Path(__file__).resolve().parent.parent
REPORTS = "build/load"
UP_SECONDS = 60.0
POLL_SECONDS = 0.1
MARIADB = ("--innodb-buffer-pool-size=512M", "--innodb-log-file-size=256M")  # as `make bench` measures


def main() -> int:
    """Run and return the exit code."""
    return lab.exit_code_of(lambda: _run(os.environ), ServerError)


def _run(variables: Mapping[str, str]) -> int:
    profile = variables.get("PROFILE") or "payment-scenario"
    if profile not in k6.PROFILES:
        raise k6.NotRun(f"PROFILE={profile} is unknown; there are {', '.join(k6.PROFILES)}.")
    k6.find()  # fail before servers are started
    with _target(variables) as target:
        return lab.run(profile, target, variables, Path(variables.get("REPORTS") or REPORTS))


@contextmanager
def _target(variables: Mapping[str, str]) -> Iterator[Target]:
    if url := variables.get("BASE_URL", "").rstrip("/"):
        if not variables.get("ADMIN_TOKEN"):
            raise k6.NotRun("ADMIN_TOKEN is not set; the audit after the load needs that of the platform at BASE_URL.")
        yield Target(url, Api(url, variables["ADMIN_TOKEN"]))
    elif variables.get("TARGET") == "real":
        print("starting MariaDB, Redis, Kafka and the platform", flush=True)
        with real_platform({"APP_RATE_LIMIT_PROFILE": "load"}, MARIADB) as platform:
            _wait_until_up(platform.api.url)
            api = Api(platform.api.url, platform.admin_token)
            yield Target(f"{api.url} (real servers, for this run)", api, lambda: _audit(platform.environment))
    elif variables.get("TARGET") in (None, "", "run"):
        yield _running(variables)
    else:
        raise k6.NotRun(f"TARGET={variables['TARGET']} is unknown; it is run or real, or leave it and set BASE_URL.")


def _running(variables: Mapping[str, str]) -> Target:
    """The `make run` of this folder."""
    state = chosen(ROOT, variables)
    port = state.port()
    if port is None:
        raise k6.NotRun("payops does not run here; start it with `make run`, or set TARGET=real or BASE_URL=http://….")
    api = Api(f"http://127.0.0.1:{port}", variables.get("ADMIN_TOKEN") or state.token())
    return Target(f"{api.url} (make run)", api, lambda: _audit({"DATABASE_URL": f"sqlite:///{state.database}"}))


def _audit(settings: Mapping[str, str]) -> tuple[str, bool]:
    """`python -m worker audit --full`, with the settings of the platform."""
    command = [sys.executable, "-m", "worker", "audit", "--full"]
    environment = {**os.environ, **settings}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().replace("\n", "; "), done.returncode == 0


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while (get_json(f"{url}/health") or {}).get("status") != "UP":
        if time.monotonic() > deadline:
            raise ServerError(f"The platform at {url} is not UP after {UP_SECONDS:g} s.")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
