"""Chromium takes a server whose public key is pinned, and no other with a CA that it does not know."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Playwright

from stack.certificates import Authority
from tests.browser.browser import launched, visit
from tests.browser.pinning import pin_of
from tests.serving import Answer, Server, serving


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    with serving(lambda *_: Answer(200, "a page"), leaf=authority.leaf()) as server:
        yield server


def test_a_pinned_server_is_visited_and_no_other(playwright: Playwright, authority: Authority, server: Server) -> None:
    pin = pin_of(server.url, str(authority.file))
    with launched(playwright, pin) as browser, visit(browser, server.url) as visitor:
        visitor.go("/")
        assert "a page" in visitor.page.content()
        with serving(lambda *_: Answer(200, "a page"), leaf=authority.leaf()) as other:
            with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
                visitor.page.goto(other.url)
            assert other.requests == []


def test_only_a_server_that_the_ca_verifies_by_its_name_is_pinned(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for leaf in (Authority(tmp_path / "other").leaf(), authority.leaf(["elsewhere"]), authority.leaf(expired=True)):
        with serving(lambda *_: Answer(200), leaf=leaf) as server, pytest.raises(ssl.SSLCertVerificationError):
            pin_of(server.url, str(authority.file))
