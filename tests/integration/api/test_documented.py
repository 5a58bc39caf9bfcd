"""docs/architecture.md says what the API says of itself: query strings, scopes, fields of postings."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.api.openapi import document
from payments.merchants.rules import SCOPES_OF, KeyKind, Scope
from payments.platform.json_types import names_of
from payments.reading.ledger import Entry
from tests.integration.api.conftest import Make

TEXT = (Path(__file__).parents[3] / "docs/architecture.md").read_text()
CALLS = [line for line in TEXT.splitlines() if re.match(r"\| (POST|GET)[ ,]", line)]
ADMINISTER = ("/merchants", "/api-keys", "/fee-schedules")
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
def operations(make_api: Make) -> list[Operation]:
    """Path, verb and description of each operation."""
    with make_api() as api:
        paths = document(api.flask)["paths"]
    return [(path, verb, operation) for path, verbs in paths.items() for verb, operation in verbs.items()]


def test_lists_have_the_query_that_is_documented(operations: list[Operation]) -> None:
    wrong = []
    for path, verb, operation in operations:
        names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        pattern = re.escape(path)
        documented = [re.findall(r"(\w+)=", query) for query in re.findall(rf" {pattern}\?(\S+)", "\n".join(CALLS))]
        if documented and (names or verb == "get") and names not in documented:
            wrong.append((path, names, documented))
    assert wrong == []


def test_operators_keys_need_the_scope_that_is_documented(operations: list[Operation]) -> None:
    """`read` to read; to change `operate`, or `administer` where the row says so."""
    assert "GETs take the scope `read`, POSTs `operate`, where the row names no other" in TEXT
    for path, verb, operation in operations:
        scopes = {Scope(name) for name in operation.get("x-scopes", ())} & set(SCOPES_OF[KeyKind.OPERATOR])
        if scopes in (set(), set(SCOPES_OF[KeyKind.OPERATOR])):
            continue
        if verb == "get":
            assert Scope.READ in scopes, path
        else:
            assert scopes == {Scope.ADMINISTER if path.startswith(ADMINISTER) else Scope.OPERATE}, path
    assert all(
        "scope `administer`" in line for line in CALLS if line.startswith(tuple(f"| POST {p} " for p in ADMINISTER))
    )


def test_postings_have_the_fields_that_are_documented() -> None:
    found = re.search(r'entries `\{"items":\[\{([^}]*)\}', TEXT)
    assert found is not None
    assert re.findall(r'"(\w+)"', found[1]) == list(names_of(Entry))
