"""/openapi.json and /docs: the API's description, and Swagger UI from our own files (no CDN)."""

from typing import Final

import orjson
from flask import Blueprint, Response, current_app
from swagger_ui_bundle import swagger_ui_path

from app.describing import Description, describe
from app.openapi import document

blueprint = Blueprint("docs", __name__, static_folder=str(swagger_ui_path), static_url_path="/docs/static")

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>payops API</title><link rel="stylesheet" href="/docs/static/swagger-ui.css"></head>
<body>
<div id="api"></div>
<script src="/docs/static/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true})</script>
</body>
</html>
"""


@blueprint.get("/openapi.json")
@describe(Description("This description of the API", "docs", answers={200: "application/json"}, problems=(429,)))
def openapi() -> Response:
    """The OpenAPI document."""
    return Response(orjson.dumps(document(current_app)), content_type="application/json")


@blueprint.get("/docs")
@describe(Description("The API's description for people", "docs", answers={200: "text/html"}, problems=(429,)))
def docs() -> Response:
    """Swagger UI."""
    return Response(_PAGE, content_type="text/html; charset=utf-8")
