"""Every route is in /openapi.json and every path there is a route; views only decode, call one function, encode."""

import ast
import re
from typing import Any

import pytest

from tests.repo.sources import Source, dotted, find_nothing, python

LONGEST_VIEW = 12
NO_API = ("docs.static", "shop.", "shop_acquirer.", "shop_payments.")
"""Files of the docs page; the shop's pages, files and backend."""
WITHOUT_SCOPES = {
    "breaker.show",
    "breaker.status",
    "docs.docs",
    "docs.openapi",
    "docs.static",
    "health.live",
    "health.ready",
    "health.whole",
    "prometheus_metrics",
    "shop.asset",
    "shop.page",
    "shop_acquirer.show",
    "shop_payments.authorize",
    "shop_payments.capture",
    "shop_payments.index",
    "shop_payments.refund",
    "shop_payments.show",
    "shop_payments.void",
}
"""What nobody needs a key for. Another one needs a reason to be here, or a scope where it is described."""


def application() -> Any:
    """The application, connected to nothing."""
    from app.__main__ import unconnected  # here, so that the other guards run where gevent is missing

    return unconnected()


def declared() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(method, path) of the application's routes, and of its OpenAPI document."""
    from app.api.openapi import document  # here, as above

    app = application()
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(NO_API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(method, path) for path, item in document(app)["paths"].items() for method in item}
    return routes, described


def without_scopes(app: Any) -> set[str]:
    """Endpoints whose views are described without a scope, or not at all."""
    from app.http.describing import description_of  # here, as above

    described = {name: description_of(view) for name, view in app.view_functions.items()}
    return {name for name, found in described.items() if found is None or not found.scopes}


def rules(app: Any, blueprint: str) -> set[tuple[str, str, str]]:
    """(name, methods, path) of a blueprint's routes."""
    found = (rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint}."))
    return {(rule.endpoint.split(".")[1], " ".join(sorted(rule.methods or ())), rule.rule) for rule in found}


def long_views(source: Source) -> list[str]:
    """Views (functions with a route) of more than 12 lines, docstring and all."""
    return [
        f"{source.path}:{node.lineno} {node.name}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Call) and _is_route(dotted(d.func)) for d in node.decorator_list)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_VIEW
    ]


def _is_route(decorator: str) -> bool:
    return decorator.split(".")[-1] in ("route", "get", "post", "put", "delete")


def test_routes_and_their_document_are_the_same() -> None:
    routes, described = declared()
    assert described == routes
    assert ("post", "/payments/authorize") in routes


def test_what_needs_no_key_is_listed() -> None:
    assert without_scopes(application()) == WITHOUT_SCOPES


def test_the_shop_has_the_operations_of_payments_and_no_other() -> None:
    app = application()
    of_shop = rules(app, "shop_payments")
    assert of_shop == {(name, methods, f"/shop{path}") for name, methods, path in rules(app, "payments")}
    assert of_shop


def test_a_planted_view_without_a_scope_is_found() -> None:
    app = application()
    app.add_url_rule("/planted", "planted", lambda: "")
    assert without_scopes(app) - WITHOUT_SCOPES == {"planted"}


def test_views_are_short() -> None:
    views = [source for source in python() if source.path.startswith("app/routes/")]
    find_nothing(long_views, views)


@pytest.mark.parametrize("decorator", ["blueprint.post('/a')", "blueprint.route('/a')", "app.get('/a')"])
def test_a_planted_long_view_is_found(decorator: str) -> None:
    body = "    x = 1\n"
    assert long_views(Source("app/routes/a.py", f"@{decorator}\ndef view():\n{body * 12}"))
    assert not long_views(Source("app/routes/a.py", f"@{decorator}\ndef view():\n{body * 11}"))
