"""Posts pending outbox events as relay and ledger do, without Kafka."""

from sqlalchemy import Engine, select, update

from payments.ledger.checking import Message
from payments.ledger.posting import PostingResult, post_batch
from payments.outbox.rules import Aggregate, with_event_id
from payments.platform.tables.events import outbox_event

CLUSTER = "test-cluster"


def publish_and_post(engine: Engine, limit: int = 1000) -> list[PostingResult]:
    """Mark the payments' pending events as published and post them; returns the results."""
    with engine.begin() as connection:
        waiting = connection.execute(
            select(outbox_event)
            .where(outbox_event.c.published == 0, outbox_event.c.aggregate_type == Aggregate.PAYMENT.value)
            .order_by(outbox_event.c.event_id)
            .limit(limit)
        ).all()
        ids = [row.event_id for row in waiting]
        connection.execute(
            update(outbox_event)
            .where(outbox_event.c.event_id.in_(ids))
            .values(published=1, published_at=outbox_event.c.created_at)
        )
    messages = [
        Message(row.topic, 0, row.event_id, 0, None, with_event_id(row.payload, row.event_id).encode())
        for row in waiting
    ]
    return post_batch(engine, messages, CLUSTER) if messages else []
