"""Merchants of a real platform whose payments are at the acquirer's simulator, and a steady stream of such payments."""

import itertools
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from stack.platform import Platform

APPROVED, DECLINED = "tok_approved", "tok_declined"
IN_HAND = 5
"""Payments that a merchant captures only later, so that it has some to capture while the acquirer is down."""
ANSWER_SECONDS = 15
UNDECIDED, NOT_CHARGED, REFUSED = 202, 402, 503
_numbers = itertools.count(1)


@dataclass(frozen=True)
class CardMerchant:
    """A merchant with a key of its own."""

    url: str
    headers: dict[str, str] = field(repr=False)

    def authorize(self, token: str) -> requests.Response:
        """Authorize 1000 KRW with a new key."""
        return self._post("authorize", f"card-{next(_numbers)}", amount=1000, currency="KRW", paymentMethod=token)

    def capture(self, payment_id: int) -> requests.Response:
        """Capture all of a payment; each time with the same key."""
        return self._post(f"capture/{payment_id}", f"capture-{payment_id}")

    def hold(self, token: str) -> list[int]:
        """Authorize; the payment's id if it is approved, else nothing. AssertionError for an unexpected answer."""
        answer = _expected(self.authorize(token))
        return [answer.json()["paymentId"]] if answer.status_code == 200 else []

    def pay(self, held: deque[int], per_second: float, token: str, over: threading.Event) -> None:
        """Authorize, and capture what has been held longest, until it is over. AssertionError as `hold`."""
        while not over.wait(1 / per_second):
            held.extend(self.hold(token))
            if len(held) >= IN_HAND:
                payment_id = held.popleft()
                if _expected(self.capture(payment_id)).status_code in (UNDECIDED, REFUSED):
                    held.append(payment_id)  # it has its turn again

    def _post(self, path: str, key: str, **body: Any) -> requests.Response:
        body["idempotencyKey"] = key
        return requests.post(f"{self.url}/payments/{path}", json=body, headers=self.headers, timeout=ANSWER_SECONDS)


def new_operator(platform: Platform) -> dict[str, str]:
    """The headers of another operator."""
    admin = {"Authorization": f"Bearer {platform.admin_token}"}
    return _with_key(platform, admin, name=f"operator-{next(_numbers)}")


def card_merchant(platform: Platform) -> CardMerchant:
    """Another merchant whose payments are at the acquirer."""
    operator, name = new_operator(platform), f"CARDS-{next(_numbers)}"
    operate(platform, operator, "merchants", merchantId=name, name=name, mode="TEST", connector="simulator")
    return CardMerchant(platform.api.url, _with_key(platform, operator, name="shop", merchantId=name))


def operate(platform: Platform, operator: dict[str, str], path: str, **body: Any) -> Any:
    """The answer to an operator's POST, which must be 200."""
    answer = requests.post(f"{platform.api.url}/{path}", json=body, headers=operator, timeout=ANSWER_SECONDS)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def paying_by_card(platform: Platform, per_second: float, token: str = APPROVED) -> Iterator[None]:
    """A new merchant's payments until the end of the block, at most so many."""
    merchant, over = card_merchant(platform), threading.Event()
    held = deque(payment_id for _ in range(IN_HAND) for payment_id in merchant.hold(token))
    with ThreadPoolExecutor(1, thread_name_prefix="cards") as pool:
        payments = pool.submit(merchant.pay, held, per_second, token, over)
        try:
            yield
        finally:
            over.set()
        payments.result()


def _with_key(platform: Platform, maker: dict[str, str], **body: str) -> dict[str, str]:
    made = operate(platform, maker, "api-keys", **body)
    return {"Authorization": f"Bearer {made['key']}"}


def _expected(answer: requests.Response) -> requests.Response:
    assert answer.status_code in (200, UNDECIDED, NOT_CHARGED, REFUSED), answer.text
    return answer
