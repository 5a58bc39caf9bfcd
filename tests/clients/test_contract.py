"""The Python client and the API's description agree: types, operations, fields, codes. What the package imports."""

import inspect
import re
import sys
import tomllib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from app.__main__ import unconnected
from app.api.openapi import document
from payments.platform import errors
from payments.platform.problems import PROBLEMS
from payops_client import Payops, TryAgain
from payops_client.errors import BY_CODE, BY_STATUS
from tests.clients.answer_types import PAGE, answer_schemas, operations, references, written
from tests.repo.sources import ROOT, imports, module_name, python
from tests.repo.test_declared import leaves
from tests.repo.test_imports import import_all

PACKAGE = "clients/python/"
METHODS: dict[str, Callable[..., Any]] = {
    "payments.authorize": Payops.authorize,
    "payments.capture": Payops.capture,
    "payments.refund": Payops.refund,
    "payments.void": Payops.void,
    "payments.show": Payops.show,
    "payments.index": Payops.list,
}
NOT_ITS_OWN = {"merchantId", "cursor"}
"""Fields that callers do not give: the merchant is the key's, and a list goes on by itself."""
RENAMED = {"limit": "page_size"}
NOT_FOR_MERCHANTS = {
    *("MERCHANT_EXISTS", "API_KEY_CONFLICT", "ROTATION_IN_PROGRESS", "TOO_MANY_KEYS"),
    *("DEAD_LETTER_CONFLICT", "OUTBOX_CONFLICT", "TRANSITION_NOT_ALLOWED"),
    *("ACQUIRER_OPERATION_CONFLICT", "SECOND_OPERATOR_NEEDED"),
    *("SETTLEMENT_CONFLICT", "NOTHING_TO_PAY_OUT", "PAYOUT_ACCOUNT_MISSING", "FEE_SCHEDULE_CONFLICT"),
    *("RECON_CONFLICT", "DUPLICATE_FILE", "FILE_REFUSED"),
    *("SHOP_OFF", "SHOP_MERCHANT_UNUSABLE"),
}
"""Codes of operators' routes, of keys, and of the shop: no operation of the client is answered with one."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(unconnected())


def fields(operation: dict[str, Any], described: dict[str, Any]) -> set[str]:
    """What a caller of an operation gives, in Python's spelling."""
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    for schema in references(operation.get("requestBody")):
        names |= set(described["components"]["schemas"][schema]["properties"])
    return {RENAMED.get(name) or re.sub(r"([A-Z])", r"_\1", name).lower() for name in names - NOT_ITS_OWN}


def test_the_types_of_answers_are_those_of_the_description(described: dict[str, Any]) -> None:
    assert written(described) == PAGE.read_text(encoding="utf-8"), "write them: make client"


def test_a_field_that_is_planted_changes_the_types(described: dict[str, Any]) -> None:
    planted = deepcopy(described)
    planted["components"]["schemas"]["Entry"]["properties"]["planted"] = {"type": "integer", "nullable": True}
    assert "    planted: NotRequired[int | None]\n" in written(planted)


def test_no_answer_is_closed_and_operators_types_are_left_out(described: dict[str, Any]) -> None:
    found = answer_schemas(described)
    assert {"CommandAnswer", "PaymentAnswer", "PaymentPage", "Status"} <= set(found)
    assert not {"OperatorPayment", "ApiKey", "ProblemDetails"} & set(found)
    assert "additionalProperties" not in str(found)


def test_each_operation_has_a_method_and_each_field_an_argument(described: dict[str, Any]) -> None:
    found = operations(described)
    assert set(found) == set(METHODS)
    for name, method in METHODS.items():
        arguments = set(inspect.signature(method).parameters) - {"self"}
        assert arguments == fields(found[name], described), name


def test_each_code_has_a_class_and_a_newer_one_has_that_of_its_status() -> None:
    assert set(BY_CODE) <= set(PROBLEMS)
    assert set(PROBLEMS) - set(BY_CODE) <= NOT_FOR_MERCHANTS
    assert {PROBLEMS[code][0] for code, family in BY_CODE.items() if issubclass(family, TryAgain)} == {409, 429, 503}
    assert {PROBLEMS[code][0] for code in BY_CODE} - set(BY_STATUS) <= {405, 413, 414, 415, 417, 431, 501}


def test_what_the_api_calls_recoverable_is_tried_again() -> None:
    recoverable = {leaf.code for leaf in leaves(errors.PaymentsError) if issubclass(leaf, errors.Recoverable)}
    repeated = {code for code, family in BY_CODE.items() if issubclass(family, TryAgain)}
    assert repeated == recoverable - NOT_FOR_MERCHANTS | {"RATE_LIMIT_EXCEEDED"}


def test_the_package_imports_what_it_declares_and_nothing_of_the_platform() -> None:
    project = tomllib.loads((ROOT / PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"\W", name)[0] for name in project["dependencies"]}
    sources = [source for source in python() if source.path.startswith(PACKAGE)]
    used = {name.split(".")[0] for source in sources for name in imports(source.tree)}
    assert used - sys.stdlib_module_names == declared | {"payops_client"}


def test_importing_the_package_does_nothing() -> None:
    names = [source.path.removeprefix(PACKAGE) for source in python() if source.path.startswith(PACKAGE)]
    assert len(names) > 5
    effects = import_all(ROOT / PACKAGE, [module_name(name) for name in names])
    assert [effect for effect in effects if "'::1', 0" not in effect] == [], "urllib3 alone tries IPv6 so"
