"""The platform's API on machines: health, payments and the audit from outside."""

from dataclasses import dataclass, field
from typing import Any, Final

import requests

from tests.servers import until
from tests.vm.machines import Machines

POSTED_SECONDS: Final = 60
ANSWER_SECONDS: Final = 10


@dataclass(frozen=True)
class Front:
    """The gate of the application, with an operator's key and a merchant's. `ca`: the file of CAs that verify it."""

    url: str
    ca: str
    operator: str = field(repr=False)
    merchant: str = field(repr=False)

    def session(self, key: str = "") -> requests.Session:
        """A client that trusts the CAs of `ca` alone; `key`: whose requests it sends."""
        session = requests.Session()
        session.verify = self.ca
        session.trust_env = False  # a list of CAs in the environment would count instead
        session.headers.update(bearer(key) if key else {})
        return session

    def get(self, path: str) -> requests.Response:
        """Send a request as an operator."""
        return self._get(path, self.operator)

    def get_as_merchant(self, path: str) -> requests.Response:
        """Send a request as the merchant."""
        return self._get(path, self.merchant)

    def _get(self, path: str, key: str = "") -> requests.Response:
        with self.session(key) as session:
            return session.get(self.url + path, timeout=ANSWER_SECONDS)

    def is_up(self) -> bool:
        """Whether /health is UP; False also without an answer."""
        try:
            return bool(self.get("/health").json()["status"] == "UP")
        except requests.RequestException:
            return False

    def payment(self, payment_id: int) -> dict[str, Any]:
        """One payment of the merchant with its events and postings."""
        return _found(self.get_as_merchant(f"/payments/{payment_id}"))

    def sale(self, payment_id: int) -> dict[str, Any]:
        """The same of the shop, whose pages have no key."""
        return _found(self._get(f"/shop/payments/{payment_id}"))

    def outbox_is_empty(self) -> bool:
        """Whether everything is published."""
        answer = self.get("/operations")
        return answer.status_code == 200 and answer.json()["outboxPending"] == 0


def bearer(key: str) -> dict[str, str]:
    """The header that a key is sent in."""
    return {"Authorization": f"Bearer {key}"}


def _found(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def all_posted(machines: Machines, front: Front) -> None:
    """Wait until every event is published and posted."""
    until(front.outbox_is_empty, "the outbox is empty", seconds=POSTED_SECONDS, interval=0.5)
    unposted = (
        "SELECT COUNT(*) FROM paydb.outbox_event o LEFT JOIN paydb.inbox_event i USING (event_id)"
        " WHERE o.aggregate_type = 'payment' AND i.event_id IS NULL"
    )
    until(lambda: machines.sql(unposted) == "0", "every event is posted", seconds=POSTED_SECONDS, interval=0.5)


def audited(machines: Machines) -> str:
    """The output of `audit --full`, which must find no differences."""
    said = machines.on("application", "/usr/local/sbin/payops", "audit", "--full").well()
    assert "no differences" in said, said
    return said
