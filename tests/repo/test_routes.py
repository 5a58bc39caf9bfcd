"""Every route is in /openapi.json and every path there is a route; views only decode, call one function, encode."""

import ast
import re

import pytest

from tests.repo.sources import Source, dotted, find_nothing, python

LONGEST_VIEW = 12
NO_API = ("docs.static", "shop.")
"""Files of the docs page; the shop's pages and files."""


def declared() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(method, path) of the application's routes, and of its OpenAPI document."""
    from app.__main__ import unconnected  # here, so that the other guards run where gevent is missing
    from app.api.openapi import document

    app = unconnected()
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(NO_API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(method, path) for path, item in document(app)["paths"].items() for method in item}
    return routes, described


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


def test_views_are_short() -> None:
    views = [source for source in python() if source.path.startswith("app/routes/")]
    find_nothing(long_views, views)


@pytest.mark.parametrize("decorator", ["blueprint.post('/a')", "blueprint.route('/a')", "app.get('/a')"])
def test_a_planted_long_view_is_found(decorator: str) -> None:
    body = "    x = 1\n"
    assert long_views(Source("app/routes/a.py", f"@{decorator}\ndef view():\n{body * 12}"))
    assert not long_views(Source("app/routes/a.py", f"@{decorator}\ndef view():\n{body * 11}"))
