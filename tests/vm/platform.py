"""The platform's API on machines: health, payments and the audit from outside."""

from dataclasses import dataclass
from typing import Any, Final

import requests

from tests.servers import until
from tests.vm.machines import Machines

POSTED_SECONDS: Final = 60
ANSWER_SECONDS: Final = 10


@dataclass(frozen=True)
class Front:
    """nginx on port 80, and the admin token."""

    url: str
    token: str

    def get(self, path: str) -> requests.Response:
        """Send a request as an operator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(self.url + path, headers=headers, timeout=ANSWER_SECONDS)

    def is_up(self) -> bool:
        """Whether /health is UP; False also without an answer."""
        try:
            return bool(self.get("/health").json()["status"] == "UP")
        except requests.RequestException:
            return False

    def payment(self, payment_id: int, merchant: str) -> dict[str, Any]:
        """One payment with its events and postings."""
        answer = self.get(f"/payments/{payment_id}?merchantId={merchant}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def outbox_is_empty(self) -> bool:
        """Whether everything is published."""
        answer = self.get("/operations")
        return answer.status_code == 200 and answer.json()["outboxPending"] == 0


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
