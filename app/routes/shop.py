"""Serves the shop and the console, the built files of frontend/, if there are any.

They are not part of the API: not in /openapi.json and not limited by address; errors are problems.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, current_app, request, send_from_directory

from app.http.describing import View
from app.services import Tokens

blueprint = Blueprint("shop", __name__)

FOLDER: Final = "shop_folder"
"""Key of the folder in the application's extensions; None there: no shop."""
PAGES: Final = (
    "/",
    "/orders",
    "/orders/<id:payment_id>",
    "/console",
    "/console/<section>",
    "/console/<section>/<id:id>",
)
SECTIONS: Final = (
    "payments",
    "acquirer",
    "ledger",
    "audit",
    "findings",
    "dead-letters",
    "outbox",
    "actions",
    "settlements",
    "fees",
    "reconciliation",
    "keys",
    "parked",
    "breaker",
)
"""Sections of the console; `findings` and `parked` are former names."""

SAFETY: Final = "shop_safety"
"""Key of the headers of every answer here, in the application's extensions."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_NOTE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme"
content="light dark">{refresh}<title>payops</title></head>
<body><main><h1>payops</h1><p>{text}</p><p><a href="/docs">The API</a> is here.</p></main></body>
</html>
"""
_BEING_BUILT: Final = _NOTE.format(
    refresh='<meta http-equiv="refresh" content="2">',
    text="The shop is being built. This page reloads by itself; the first time that takes a minute or so."
    " The platform is up meanwhile, and its terminal says when the shop is ready.",
)
_NO_SHOP: Final = _NOTE.format(refresh="", text="This installation serves no shop.")


def safety(tokens: Tokens | None) -> dict[str, str]:
    """The headers of every answer here: pages connect to us alone, and to where they get `tokens` of cards."""
    connect = "'self'" if tokens is None or tokens.url.startswith("/") else f"'self' {tokens.url}"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
            f" connect-src {connect}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def _page(view: View) -> View:
    known = ", ".join(f"'{name}'" for name in SECTIONS)
    for path in PAGES:
        blueprint.get(path.replace("<section>", f"<any({known}):section>"))(view)
    return view


@_page
def page(**_: object) -> Response:
    """Serves the single-page shop, or a placeholder while it is being built."""
    folder: Path | None = current_app.extensions[FOLDER]
    if folder is None:
        return Response(_NO_SHOP, content_type="text/html; charset=utf-8")
    try:
        text = (folder / "index.html").read_bytes()
    except FileNotFoundError:
        text = _BEING_BUILT.encode()
    response = Response(text, content_type="text/html; charset=utf-8")
    response.set_etag(sha256(text).hexdigest()[:32])
    response.make_conditional(request)
    return response


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """A file with its checksum in its name: it never changes."""
    folder: Path | None = current_app.extensions[FOLDER]
    if folder is None:
        abort(404)
    response = send_from_directory(folder.absolute() / "assets", name, etag=sha256(name.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = _FOR_EVER
    return response


@blueprint.after_request
def _be_safe(response: Response) -> Response:
    response.headers.update(current_app.extensions[SAFETY])
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
