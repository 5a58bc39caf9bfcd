"""Headers of all answers: an answer's own stay, but for those that the request notes."""

from flask import Response
from hypothesis import given
from hypothesis import strategies as st

from app.http.request_context import complete

NAMES = ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Retry-After", "X-RateLimit-Limit", "Allow")
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "2"]))


def one_by_one(response: Response, request_id: str, more: dict[str, str]) -> Response:
    """As they were set before they were set together."""
    headers = response.headers
    headers["X-Request-Id"] = request_id
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.update(more)
    return response


@given(own=HEADERS, more=HEADERS)
def test_they_are_the_same_in_the_same_order(own: dict[str, str], more: dict[str, str]) -> None:
    together = complete(Response("", headers=own), "r", more).headers
    assert list(together) == list(one_by_one(Response("", headers=own), "r", more).headers)
