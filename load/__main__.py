"""`python -m load PROFILE --base-url https://host`: runs a load test on any platform.

Reads OPERATOR_KEY (or ADMIN_TOKEN), KEYS_FILE, API_KEY, PAYOPS_CA and the variables of k6's scripts.

`make load` is stack/load.py, which also finds or starts a platform on this machine.
"""

import argparse
import os
import sys
from pathlib import Path

from load import authorities, lab
from load.api import Api
from load.errors import NotRun
from load.k6 import PROFILES
from load.keys import operators_token


def main() -> int:
    """Run and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m load", description=__doc__)
    parser.add_argument("profile", choices=PROFILES)
    parser.add_argument("--base-url", default=os.environ.get("BASE_URL", ""), help="the API, else BASE_URL")
    parser.add_argument("--ca", default=os.environ.get("PAYOPS_CA", ""), help="file of CAs to trust, else PAYOPS_CA")
    parser.add_argument("--reports", type=Path, default=Path("build/load"), help="folder for the reports")
    arguments = parser.parse_args()
    return lab.exit_code_of(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.base_url:
        raise NotRun("There is no address; give it with --base-url https://host.")
    url = arguments.base_url.rstrip("/")
    environment = {**os.environ, "PAYOPS_CA": arguments.ca}
    target = lab.Target(url, Api(url, operators_token(environment), ca=authorities.file(environment)))
    return lab.run(arguments.profile, target, environment, arguments.reports)


if __name__ == "__main__":
    sys.exit(main())
