"""Makes the Flask application from what it uses. Reads no settings and listens nowhere."""

from flask import Flask, Response

from psp.http import control, errors, page, v1
from psp.http.decoding import LARGEST_BODY
from psp.http.services import Services, install


def create_app(services: Services) -> Flask:
    """The application."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions.update(install(services))
    errors.install(app)
    for blueprint in (v1.blueprint, control.blueprint, page.blueprint):
        app.register_blueprint(blueprint)
    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response
