"""Steps of an operator in the console, for the tests of its pages."""

import requests

from stack.platform import Platform
from tests.browser.browser import Visit


def open_page(operator: Visit, name: str) -> None:
    """Open a page by the navigation, on narrow screens through its drawer."""
    menu = operator.page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    pages = operator.page.get_by_role("navigation", name="Console pages")
    pages.get_by_role("link", name=name, exact=True).click()


def authorize(platform: Platform, key: str, merchant: str = "STORE", amount: int = 700, currency: str = "KRW") -> int:
    """Authorize a payment; returns its id."""
    body = {"merchantId": merchant, "amount": amount, "currency": currency, "idempotencyKey": key}
    answer = requests.post(f"{platform.api.url}/payments/authorize", json=body, timeout=6)
    assert answer.status_code == 200
    return int(answer.json()["paymentId"])


def find(operator: Visit, text: str) -> None:
    """Search from the frame, as an operator who does not touch the mouse."""
    operator.page.get_by_role("heading", level=1).click()  # out of any field
    operator.page.keyboard.press("/")
    operator.page.keyboard.type(text)
    operator.page.keyboard.press("Enter")


def as_admin(platform: Platform, path: str, body: dict[str, object]) -> dict[str, object]:
    """The answer to a request with the admin token."""
    header = {"Authorization": f"Bearer {platform.admin_token}"}
    answer = requests.post(platform.api.url + path, json=body, headers=header, timeout=6)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def make_merchant(platform: Platform, merchant: str) -> None:
    """Make a test merchant."""
    as_admin(platform, "/merchants", {"merchantId": merchant, "name": merchant, "mode": "TEST"})


def make_key(platform: Platform, name: str, **fields: object) -> str:
    """Make a key, of operators unless `fields` has a merchantId; returns its text."""
    return str(as_admin(platform, "/api-keys", {"name": name, **fields})["key"])
