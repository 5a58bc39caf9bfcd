"""The page at `/`, its files, /openapi.json and /health: what needs no key."""

from importlib import resources
from typing import Final

from flask import Blueprint, Response, current_app

from psp.answers import Answer, Health
from psp.http.described import Description, describe
from psp.http.document import document
from psp.http.services import services
from psp.http.wire import plain

blueprint = Blueprint("page", __name__)
_FILES: Final = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
@blueprint.get("/<any('page.css', 'page.js', 'mark.svg'):name>")
def file(name: str = "index.html") -> Response:
    """A file of the page."""
    data = (resources.files("psp") / "page" / name).read_bytes()
    return Response(data, headers={"Content-Security-Policy": _POLICY}, content_type=_FILES[name])


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    return plain(Answer("", 200, document(current_app)))


@blueprint.get("/health")
@describe(Description("Whether it answers and can write", {200: Health}, (500,), security=None))
def health() -> Response:
    """200 when a transaction commits."""
    services().run(services().clock.take)
    ok: Health = {"status": "ok"}
    return plain(Answer("", 200, ok))
