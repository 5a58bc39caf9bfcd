"""What `make run` brings: the shop's merchant, first fees; and where keys are required, a merchant and two keys.

The keys are made once, kept in the state folder, and imported at each start. One that has ended is replaced.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from payments.merchants.key_form import Prefix, new_key
from stack.state import State
from stack.whole_file import write_once, write_whole

ROOT = Path(__file__).resolve().parent.parent
SHOP_MERCHANT, TEST_MERCHANT = "STORE", "M123"
CONNECTOR = "simulator"
"""How the shop's payments are made: at the acquirer's simulator."""
SHOP_IBAN = "GB29NWBK60161331926819"
"""Where the shop is paid: an example of the standard's, which belongs to nobody."""
NAME = "make run"
REFUSED = 1
"""The exit code of a command that what is stored does not allow."""


class NotProvided(RuntimeError):
    """A merchant, key or fee could not be stored; the message says why."""


def provide(state: State, variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Store what is missing in the platform's database. Raises NotProvided.

    `variables`: the environment of the platform's programs.
    """
    if variables["APP_AUTH"] == "required":
        _ensure_merchant(TEST_MERCHANT, "A merchant to try it with", variables)
        _import(state.merchant_key, Prefix.TEST, ["--merchant", TEST_MERCHANT], variables, say)
        _import(state.operator_key, Prefix.OPERATOR, ["--operator"], variables, say)
    _ensure_connected(variables["APP_SHOP_MERCHANT"], "The shop of this machine", variables)
    done = _python(variables, ["stack.first_fees"])
    if done.returncode != 0:
        raise NotProvided(f"The first fees could not be stored.\n{done.stderr}")


def _ensure_merchant(merchant_id: str, name: str, variables: Mapping[str, str], *options: str) -> str:
    """Returns its connector."""
    found = _merchant(variables, merchant_id, ["create", merchant_id, "--name", name, "--if-missing", *options])
    return str(found["connector"])


def _ensure_connected(merchant_id: str, name: str, variables: Mapping[str, str]) -> None:
    """One that an earlier release made has no connector yet."""
    if _ensure_merchant(merchant_id, name, variables, "--connector", CONNECTOR, "--iban", SHOP_IBAN) != CONNECTOR:
        connect = ["connect", merchant_id, "--connector", CONNECTOR, "--reason", "make run has an acquirer's simulator"]
        _merchant(variables, merchant_id, connect)


def _merchant(variables: Mapping[str, str], merchant_id: str, command: list[str]) -> dict[str, Any]:
    done = _run(variables, ["merchants", *command])
    if done.returncode != 0:
        raise NotProvided(f"Merchant {merchant_id} cannot be used.\n{done.stderr}")
    return dict(json.loads(done.stdout))


def _import(
    path: Path, prefix: Prefix, owner: list[str], variables: Mapping[str, str], say: Callable[[str], None]
) -> None:
    command = ["keys", "import", *owner, "--name", NAME]
    if not path.exists():
        write_once(path, new_key(prefix).text)
    done = _run(variables, command, path.read_text())
    if done.returncode == REFUSED:  # revoked, rotated out, or of another pepper
        say(f"{done.stderr.strip()} {path.name} gets a new one")
        write_whole(path, new_key(prefix).text)
        done = _run(variables, command, path.read_text())
    if done.returncode != 0:
        raise NotProvided(f"The key in {path} could not be stored.\n{done.stderr}")
    if json.loads(done.stdout)["changed"]:
        say(f"{path.name} is stored")


def _run(variables: Mapping[str, str], command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    return _python(variables, ["payments", *command], given)


def _python(variables: Mapping[str, str], module: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *module]
    return subprocess.run(command, cwd=ROOT, env=variables, input=given, capture_output=True, text=True, check=False)
