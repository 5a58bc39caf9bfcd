"""The settings that role payops writes for each process are good; each request needs a key, which few can check."""

import shlex
from typing import Any, Final

import jinja2
import pytest

from payments.config import Settings, load
from tests.repo.roles import ANSIBLE, options, read

ROLE: Final = ANSIBLE / "roles/payops"
PEPPER: Final = "1:01234567890123456789012345678901"
PROCESSES: Final = {item["name"]: item for item in read(ROLE / "vars/main.yml")["_payops_environments"]}
KNOWS_PEPPER: Final = {"api", "operator"}


def settings(process: str, **changed: Any) -> Settings:
    """What the process reads, by the template and the role's defaults."""
    values: dict[str, Any] = dict.fromkeys(options("payops"), "a-value")
    values |= {name: spec["default"] for name, spec in options("payops").items() if "default" in spec}
    values |= {"ansible_managed": "a test", "payops_environment": "a test", **changed}
    values["item"] = PROCESSES[process] | ({"key_pepper": PEPPER} if "key_pepper" in PROCESSES[process] else {})
    loader = jinja2.FileSystemLoader(ROLE / "templates")
    environment = jinja2.Environment(loader=loader, trim_blocks=True)  # noqa: S701  (no HTML)
    text = environment.get_template("environment.j2").render(values)
    lines = [line.partition("=") for line in shlex.split(text, comments=True)]
    return load({name: value for name, _, value in lines})


@pytest.mark.parametrize("process", PROCESSES)
def test_who_checks_or_makes_keys_has_the_pepper_and_nobody_else(process: str) -> None:
    found = settings(process).key_peppers
    assert found == (((1, PEPPER[2:].encode()),) if process in KNOWS_PEPPER else None)


def test_each_request_needs_a_key_and_there_is_no_admin_token() -> None:
    found = settings("api")
    assert (found.auth, found.admin_token, found.shop_merchant) == ("required", None, "STORE")


def test_what_an_installation_chooses_is_written() -> None:
    found = settings("api", payops_shop_merchant="", payops_admin_token="as long as it must be")
    assert (found.auth, found.admin_token, found.shop_merchant) == ("required", "as long as it must be", None)
