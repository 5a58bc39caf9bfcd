"""The OpenAPI document: every route is in it with its key, and its types have names of their own."""

import re
from typing import Any, cast

import pytest
from flask import Flask
from typing_extensions import TypedDict

from psp.http.app import create_app
from psp.http.described import Description, describe
from psp.http.document import document
from psp.http.services import Services

NOT_DESCRIBED = {"page.file", "page.openapi"}


@pytest.fixture
def app() -> Flask:
    """The application with nothing behind it: the document needs its routes alone."""
    return create_app(cast(Services, None))


def test_routes_and_document_are_the_same(app: Flask) -> None:
    routes = {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in NOT_DESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(method, path) for path, item in document(app)["paths"].items() for method in item}
    assert described == routes
    assert ("get", "/v1/settlements/{day}.csv") in routes


def test_each_operation_names_its_key(app: Flask) -> None:
    paths: dict[str, Any] = document(app)["paths"]
    for path, item in paths.items():
        for operation in item.values():
            expected = "control" if path.startswith("/_control") else "publishable" if path == "/v1/tokens" else "key"
            assert operation["security"] == ([] if path == "/health" else [{expected: []}]), path


def test_operations_that_move_money_need_their_key_in_the_header(app: Flask) -> None:
    paths = document(app)["paths"]
    for kind in ("authorizations", "captures", "refunds", "voids"):
        names = [one["name"] for one in paths[f"/v1/{kind}"]["post"]["parameters"] if one["required"]]
        assert names == ["Idempotency-Key"]


def test_two_types_of_one_name_are_refused(app: Flask) -> None:
    class Error(TypedDict):
        """Another type of this name."""

        why: str

    @describe(Description("Planted", {200: Error}))
    def planted() -> str:
        return ""

    app.add_url_rule("/planted", view_func=planted)
    with pytest.raises(ValueError, match="Error"):
        document(app)
