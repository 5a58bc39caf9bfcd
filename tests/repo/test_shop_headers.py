"""nginx and the api serve the shop with the same headers and pages."""

import re

from app.routes import shop
from tests.repo.sources import ROOT

TEMPLATES = ROOT / "ansible/roles/nginx/templates"


def test_nginx_sends_the_headers_that_the_api_sends() -> None:
    text = (TEMPLATES / "shop_headers.j2").read_text()
    headers = dict(re.findall(r'add_header (\S+) "?([^";]+(?:; [^";]+)*)"?;', text))
    assert headers == shop.safety(None)


def test_nginx_knows_the_pages_that_the_api_knows() -> None:
    (pages,) = re.findall(r"location ~ (\^/\(\$\|orders.*\)) \{", (TEMPLATES / "nginx.conf.j2").read_text())
    sections = [f"/console/{section}" for section in shop.SECTIONS]
    for path in ["/", "/orders", "/orders/7", "/console", *sections, "/console/payments/7"]:
        assert re.match(pages, path), path
    for path in ["/order", "/orders/x", "/console/secrets", "/console/payments/x", "/consoles", "/payments"]:
        assert not re.match(pages, path), path
    assert len(shop.PAGES) == 6, "another page: say so here and in nginx.conf.j2"
