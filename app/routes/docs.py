"""/openapi.json and /docs: the API's description, and Swagger UI from local files (no CDN). Each is built once."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

import orjson
from flask import Blueprint, Response, current_app, request
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]

from app.api.openapi import document
from app.http.describing import Description, describe
from app.services import services

blueprint = Blueprint("docs", __name__, static_folder=str(swagger_ui_path), static_url_path="/docs/static")

_CACHED_DOCUMENT: Final = "openapi_document"
"""Key of the cached document in the application's extensions."""
_SCRIPT: Final = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true})'
_PAGE: Final = f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>payops API</title><link rel="stylesheet" href="/docs/static/swagger-ui.css"></head>
<body>
<div id="api"></div>
<script src="/docs/static/swagger-ui-bundle.js"></script>
<script>{_SCRIPT}</script>
</body>
</html>
"""
SAFETY: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' 'sha256-{b64encode(sha256(_SCRIPT.encode()).digest()).decode()}';"
        " style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Swagger UI has its images as data: URLs."""


@blueprint.get("/openapi.json")
@describe(Description("This description of the API", "docs", answers={200: "application/json"}, problems=(429,)))
def openapi() -> Response:
    """The OpenAPI document."""
    text: bytes | None = current_app.extensions.get(_CACHED_DOCUMENT)
    if text is None:
        text = current_app.extensions[_CACHED_DOCUMENT] = orjson.dumps(
            document(current_app, keys_required=services().guard.required)
        )
    return _cached(text, "application/json")


@blueprint.get("/docs")
@describe(Description("The API's description for people", "docs", answers={200: "text/html"}, problems=(429,)))
def docs() -> Response:
    """Swagger UI."""
    return _cached(_PAGE.encode(), "text/html; charset=utf-8")


def _cached(content: bytes, content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.set_etag(sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


@blueprint.after_request
def _be_safe(response: Response) -> Response:
    response.headers.update(SAFETY)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
