"""The API's description for people: Swagger UI works under its content security policy."""

from typing import Final

from playwright.sync_api import Browser, expect

from tests.browser.browser import visit
from tests.e2e.gunicorn import ApiServer

LONGEST: Final = 30_000
"""Milliseconds."""


def test_the_docs_page_shows_every_operation_without_a_complaint(browser: Browser, sqlite_url: str) -> None:
    with ApiServer(sqlite_url, "redis://127.0.0.1:1/0") as api, visit(browser, api.url) as visitor:
        visitor.go("/docs")
        # Swagger UI draws all operations at once, which takes a busy machine longer than Playwright's 5 s
        expect(visitor.page.get_by_text("/payments/authorize")).to_be_visible(timeout=LONGEST)
        visitor.page.get_by_text("/payments/authorize").click()
        expect(
            visitor.page.get_by_text("Hold money").or_(visitor.page.get_by_text("Request body")).first
        ).to_be_visible()
        assert visitor.complaints == []
