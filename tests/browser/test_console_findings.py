"""The console's pages for operators: parked events, and findings of the audit."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, delete, insert

from payments.outbox.rules import OutboxState
from payments.platform.database import create_engine
from payments.platform.tables.events import outbox_event
from payments.platform.tables.housekeeping import audit_finding
from stack.platform import Platform
from tests.browser.browser import Visit

pytestmark = pytest.mark.timeout(300)
NOW = datetime.now(UTC)


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def parked(database: Engine) -> Iterator[None]:
    """A dead letter's announcement that Kafka refused."""
    row = {
        "aggregate_type": "dead_letter", "aggregate_id": 999_999, "event_type": "DEAD_LETTER", "topic": "payment.dlq",
        "payload": "{}", "headers": "{}", "published": OutboxState.PARKED, "attempts": 5, "created_at": NOW,
        "last_error": "Broker: Message size too large", "parked_at": NOW,
    }  # fmt: skip
    with database.begin() as connection:
        connection.execute(insert(outbox_event), row)
    yield
    with database.begin() as connection:
        connection.execute(delete(outbox_event).where(outbox_event.c.aggregate_id == 999_999))


@pytest.fixture
def found(database: Engine) -> Iterator[None]:
    """A finding about an answer, which no payment's check clears."""
    row = {"kind": "answers", "subject": "planted", "identity": uuid.uuid4().hex, "first_seen": NOW, "last_seen": NOW}
    with database.begin() as connection:
        connection.execute(insert(audit_finding), {**row, "detail": "an answer that matches no payment"})
    yield
    with database.begin() as connection:
        connection.execute(delete(audit_finding).where(audit_finding.c.subject == "planted"))


def tab(operator: Visit, name: str) -> None:
    operator.page.get_by_role("link", name=name, exact=True).click()


@pytest.mark.usefixtures("parked")
def test_a_parked_event_is_discarded_with_a_reason(operator: Visit) -> None:
    tab(operator, "Outbox")
    expect(operator.page.get_by_text("Broker: Message size too large")).to_be_visible()
    operator.shoot("console-parked-1280")
    assert (operator.findings(), operator.overflow()) == ([], 0)
    operator.page.get_by_role("button", name="Discard").first.click()
    operator.page.get_by_label("Reason").fill("announced by telephone")
    operator.page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(operator.page.get_by_text("No event is parked.")).to_be_visible()
    operator.page.set_viewport_size({"width": 320, "height": 720})
    assert operator.overflow() == 0


@pytest.mark.usefixtures("found")
def test_findings_are_shown_until_they_are_cleared(operator: Visit) -> None:
    tab(operator, "Audit")
    expect(operator.page.get_by_text("an answer that matches no payment")).to_be_visible()
    operator.shoot("console-findings-1280")
    assert (operator.findings(), operator.overflow()) == ([], 0)
    operator.page.set_viewport_size({"width": 320, "height": 720})
    assert operator.overflow() == 0
    operator.shoot("console-findings-320")
    operator.page.get_by_label("State", exact=True).select_option("Cleared")
    expect(operator.page.get_by_text("an answer that matches no payment")).to_have_count(0)
