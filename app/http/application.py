"""Flask without what this API has none of: sessions, coroutines, routes by host; and its request and response."""

from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

from app.http.measuring import KnownMethods

_REWRITTEN: Final = frozenset({"location", "content-location"})
"""Headers that Werkzeug encodes when it sends them."""


class NoSessions(SessionInterface):
    """Gives every request the same empty session, which cannot be written."""

    _none: Final = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        """The session."""
        return self._none


class Answer(Response):
    """A response that Werkzeug does not copy once more to send it, when it would change nothing."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response."""
        if environ["REQUEST_METHOD"] != "POST" or not self._is_final():
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response  # type: ignore[return-value]  # a list of bytes

    def _is_final(self) -> bool:
        names = {name.lower() for name, _ in self.headers}
        whole = "content-length" in names and isinstance(self.response, list) and not self._on_close
        return whole and self.status_code >= 200 and self.status_code not in (204, 304) and _REWRITTEN.isdisjoint(names)


class Application(Flask):
    """The API's Flask."""

    request_class = KnownMethods
    response_class = Answer
    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function: none of ours is a coroutine, and Flask would look at each one for each request."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As Flask's, which also finds out the host and decodes the query: only a redirect needs them."""
        if request is None or "HTTP_UPGRADE" in request.environ or not request.environ.get("PATH_INFO"):
            return super().create_url_adapter(request)
        return MapAdapter(self.url_map, "", "", "", request.scheme, request.path, request.environ["REQUEST_METHOD"])
