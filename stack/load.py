"""`make load`: runs a load test on the running `make run`, on a real stack of its own (TARGET=real), or on BASE_URL.

Reads the environment, with PROFILE and the variables of k6's scripts. The load test itself is in load/.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from load import authorities, k6, lab
from load.api import Api
from load.errors import NotRun
from load.keys import is_operators_key, operators_token
from load.lab import MERCHANTS, Target
from load.merchants import with_keys
from stack.platform import real_platform
from stack.readiness import get_json
from stack.server import ServerError
from stack.state import chosen

ROOT = Path(__file__).resolve().parent.parent
REPORTS = "build/load"
KEYS = "load-keys"
"""Name of the file of the keys of a load, in the state folder."""
MERCHANTS_LIMIT = 9999  # as k6/lib/config.js
UP_SECONDS = 60.0
POLL_SECONDS = 0.1
MARIADB = (
    "--innodb-buffer-pool-size=512M",
    "--innodb-log-file-size=256M",
    "--binlog-cache-size=512K",
)  # as `make bench` measures


def main() -> int:
    """Run and return the exit code."""
    return lab.exit_code_of(lambda: _run(os.environ), ServerError)


def _run(variables: Mapping[str, str]) -> int:
    profile = variables.get("PROFILE") or "payment-scenario"
    if profile not in k6.PROFILES:
        raise NotRun(f"PROFILE={profile} is unknown; there are {', '.join(k6.PROFILES)}.")
    k6.find()  # fail before servers are started
    with _target(variables) as target:
        return lab.run(profile, target, variables, Path(variables.get("REPORTS") or REPORTS))


@contextmanager
def _target(variables: Mapping[str, str]) -> Iterator[Target]:
    if url := variables.get("BASE_URL", "").rstrip("/"):
        yield Target(url, Api(url, operators_token(variables), ca=authorities.file(variables)))
    elif variables.get("TARGET") == "real":
        with _real(variables) as target:
            yield target
    elif variables.get("TARGET") in (None, "", "run"):
        with _running(variables) as target:
            yield target
    else:
        raise NotRun(f"TARGET={variables['TARGET']} is unknown; it is run or real, or leave it and set BASE_URL.")


@contextmanager
def _real(variables: Mapping[str, str]) -> Iterator[Target]:
    """Real servers for this run alone; AUTH=required: they need keys."""
    print("starting MariaDB, Redis, Kafka and the platform", flush=True)
    settings = {"APP_RATE_LIMIT_PROFILE": "load", "APP_AUTH": variables.get("AUTH") or "open"}
    with real_platform(settings, MARIADB) as platform, TemporaryDirectory() as folder:
        _wait_until_up(platform.api.url)
        api = Api(platform.api.url, platform.admin_token)
        if api.needs_keys():
            api = Api(api.url, api.make_key(None))
        target = Target(f"{api.url} (real servers, for this run)", api, lambda: _audit(platform.environment))
        with _paying(target, variables, Path(folder) / KEYS) as paying:
            yield paying


@contextmanager
def _running(variables: Mapping[str, str]) -> Iterator[Target]:
    """The `make run` of this folder."""
    state = chosen(ROOT, variables)
    port = state.port()
    if port is None:
        raise NotRun("payops does not run here; start it with `make run`, or set TARGET=real or BASE_URL=http://….")
    url = f"http://127.0.0.1:{port}"
    if Api(url, "").needs_keys():
        kept = state.operator_key.read_text() if state.operator_key.exists() else ""
        api = Api(url, variables.get("OPERATOR_KEY") or kept)
    else:
        api = Api(url, variables.get("ADMIN_TOKEN") or state.token())
    target = Target(f"{api.url} (make run)", api, lambda: _audit({"DATABASE_URL": f"sqlite:///{state.database}"}))
    with _paying(target, variables, state.folder / KEYS) as paying:
        yield paying


@contextmanager
def _paying(target: Target, variables: Mapping[str, str], path: Path) -> Iterator[Target]:
    """The target, with merchants and keys of this load's own if it needs keys and none are given."""
    given = variables.get("KEYS_FILE") or variables.get("API_KEY")
    if given or not is_operators_key(target.api.token) or not target.api.needs_keys():
        yield target
        return
    merchant_ids = _merchant_ids(variables)
    print(f"making API keys for this load: {len(merchant_ids)}", flush=True)
    with with_keys(target.api, merchant_ids, path):
        yield replace(target, variables={"KEYS_FILE": str(path), "MERCHANT_ID": ""})


def _merchant_ids(variables: Mapping[str, str]) -> list[str]:
    """The merchant of MERCHANT_ID, else as many as MERCHANTS says. NotRun for what k6 would refuse."""
    if merchant_id := variables.get("MERCHANT_ID"):
        return [merchant_id]
    text = variables.get("MERCHANTS") or str(MERCHANTS)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MERCHANTS_LIMIT):
        raise NotRun(f"MERCHANTS={text} is not a whole number from 1 to {MERCHANTS_LIMIT}.")
    return [f"LOAD-{number:04d}" for number in range(int(text))]


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
