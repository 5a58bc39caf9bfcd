"""`python -m load PROFILE --base-url http://host:port`: runs a load test on any platform.

Reads OPERATOR_KEY (or ADMIN_TOKEN), KEYS_FILE, API_KEY and the variables of k6's scripts.

`make load` is stack/load.py, which also finds or starts a platform on this machine.
"""

import argparse
import os
import sys
from pathlib import Path

from load import lab
from load.api import Api
from load.errors import NotRun
from load.k6 import PROFILES
from load.keys import operators_token


def main() -> int:
    """Run and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m load", description=__doc__)
    parser.add_argument("profile", choices=PROFILES)
    parser.add_argument("--base-url", default=os.environ.get("BASE_URL", ""), help="the API, else BASE_URL")
    parser.add_argument("--reports", type=Path, default=Path("build/load"), help="folder for the reports")
    arguments = parser.parse_args()
    return lab.exit_code_of(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.base_url:
        raise NotRun("There is no address; give it with --base-url http://host:8080.")
    url = arguments.base_url.rstrip("/")
    target = lab.Target(url, Api(url, operators_token(os.environ)))
    return lab.run(arguments.profile, target, os.environ, arguments.reports)


if __name__ == "__main__":
    sys.exit(main())
