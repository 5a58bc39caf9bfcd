"""The settings that role payops writes for each process are good; each request needs a key, which few can check."""

import hashlib
import re
import shlex
from typing import Any, Final

import certifi
import jinja2
import pytest

from payments.config import Settings, load
from psp import settings as simulator_settings
from tests.repo.roles import ANSIBLE, options, read

ROLE: Final = ANSIBLE / "roles/payops"
PEPPER: Final = "1:01234567890123456789012345678901"
CA: Final = certifi.where()
ACQUIRER_KEY: Final = "a-key-at-the-acquirer"
PROCESSES: Final = {item["name"]: item for item in read(ROLE / "vars/main.yml")["_payops_environments"]}
KNOWS_PEPPER: Final = {"api", "operator"}


def of_template(role: str, values: dict[str, Any]) -> str:
    """What the role writes as an environment file."""
    loader = jinja2.FileSystemLoader(ANSIBLE / "roles" / role / "templates")
    environment = jinja2.Environment(loader=loader, trim_blocks=True, keep_trailing_newline=True)  # noqa: S701  (no HTML)
    environment.filters["hash"] = lambda text, kind: hashlib.new(kind, text.encode()).hexdigest()  # Ansible's own
    return environment.get_template("environment.j2").render(values)


def rendered(process: str, **changed: Any) -> str:
    """The settings of a process, by the role's defaults; `changed`: variables of the role."""
    values: dict[str, Any] = dict.fromkeys(options("payops"), "a-value")
    values |= {name: spec["default"] for name, spec in options("payops").items() if "default" in spec}
    values |= {"ansible_managed": "a test", "payops_environment": "a test", "payops_ca_file": CA, **changed}
    secrets = {"key_pepper": PEPPER, "acquirer_key": ACQUIRER_KEY}
    values["item"] = PROCESSES[process] | {name: secrets[name] for name in secrets if name in PROCESSES[process]}
    return of_template("payops", values)


def settings(process: str, **changed: Any) -> Settings:
    """What the process reads."""
    lines = [line.partition("=") for line in shlex.split(rendered(process, **changed), comments=True)]
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


def test_who_calls_the_acquirer_or_asks_it_has_the_key_and_nobody_else() -> None:
    given = {"payops_acquirer_url": "http://127.0.0.1:8090", "payops_acquirer_public_url": "/acquirer"}
    knows = {name for name in PROCESSES if ACQUIRER_KEY in rendered(name, **given)}
    assert knows == {"api", "housekeeping", "operator"}, "an operator fetches a settlement file"
    assert {name for name in PROCESSES if "APP_ACQUIRER_PUBLIC_URL=/acquirer\n" in rendered(name, **given)} == {"api"}
    assert not [name for name in PROCESSES if "APP_ACQUIRER" in rendered(name)]


@pytest.mark.parametrize("process", PROCESSES)
def test_each_link_is_verified(process: str) -> None:
    found = settings(process)
    assert f"ssl_ca={CA}" in found.database_url.replace("%2F", "/")
    assert (found.redis_ca, found.redis_url.partition(":")[0]) == (
        (CA, "rediss") if process == "api" else (None, "redis")
    )
    kafka = (CA, "SASL_SSL") if process in {"relay", "ledger"} else (None, "PLAINTEXT")
    assert (found.kafka_ca, found.kafka_security_protocol) == kafka


def test_an_acquirer_has_a_ca_of_its_own() -> None:
    found = settings("api", payops_acquirer_url="https://acquirer.example", payops_acquirer_ca=CA)
    assert found.acquirer == ("https://acquirer.example", ACQUIRER_KEY, CA)


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        ("http://127.0.0.1:8090", True),
        ("http://localhost/x", True),
        ("http://[::1]:8090", True),
        ("https://acquirer.example", True),
        ("http://10.0.0.1:8090", False),
        ("http://127.0.0.1.example", False),
        ("http://127.0.0.1:80@evil.example", False),
        ("http://localhost.example", False),
    ],
)
def test_an_address_in_clear_is_of_this_machine(address: str, stays: bool) -> None:
    """As the role's preflight asks."""
    assert bool(re.match(read(ROLE / "vars/main.yml")["_payops_private"], address)) == stays


def test_money_goes_out_by_the_settings_of_an_installation() -> None:
    chosen = {
        "APP_SECOND_OPERATOR_ABOVE": "*=500000 KRW=70000000",
        "APP_MINIMUM_PAYOUT": "*=1000",
        "APP_PAYOUT_NAME": "Payops AG",
        "APP_PAYOUT_IBAN": "DE89 3704 0044 0532 0130 00",
    }
    for process in ("api", "housekeeping", "operator"):
        found = settings(process, payops_settings=chosen)
        assert [found.second_operator_above.of(currency) for currency in ("KRW", "USD")] == [70_000_000, 500_000]
        assert found.payout_account == ("Payops AG", "DE89370400440532013000")


def test_the_simulators_settings_are_good() -> None:
    """Those that role psp writes."""
    values = {name: spec["default"] for name, spec in options("psp").items() if "default" in spec}
    values |= {name: f"the value of {name}".replace(" ", "-") for name in ("psp_key", "psp_control_token")}
    values |= {"psp_publishable_key": "the,one,of,browsers".replace(",", "_"), "ansible_managed": "a test"}
    text = of_template("psp", values | {"psp_shop_origins": ["http://a:1", "http://b:2"]})
    found = simulator_settings.load(dict(line.split("=", 1) for line in shlex.split(text, comments=True)))
    assert (found.keys, found.control_token) == ((values["psp_key"],), values["psp_control_token"])
    assert (found.host, found.port, len(found.shop_origins)) == ("127.0.0.1", 8090, 2)


def test_other_settings_have_another_sum() -> None:
    """By which a process that was started with former ones is found."""
    once, again, other = rendered("api"), rendered("api"), rendered("api", payops_web_workers=7)
    sums = [re.findall("^PAYOPS_SETTINGS_SUM=[0-9a-f]{64}$", text, re.MULTILINE) for text in (once, again, other)]
    assert [len(found) for found in sums] == [1, 1, 1]
    assert sums[0] == sums[1] != sums[2]
