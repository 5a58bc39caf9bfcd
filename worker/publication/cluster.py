"""Watches which Kafka cluster is published to: a new cluster, or a topic created again, has lost its messages."""

import logging
from typing import Final

from sqlalchemy import Engine

from payments.outbox import cluster as cluster_store
from payments.outbox.lease import Lease
from payments.outbox.republish import republish_unposted
from payments.outbox.rules import DEAD_LETTER_TOPIC, PARTITIONS, TOPICS
from payments.platform.clock import Clock, monotonic
from payments.platform.kafka.answers import CallFailed
from payments.platform.kafka.producer import Publisher
from payments.platform.kafka.topics import Cluster
from worker.publication.fencing import check_lease

ATTEMPT_INTERVAL: Final = 2.0
"""Seconds between two checks when they fail or change nothing."""
IDLE_INTERVAL: Final = 5.0
"""Seconds between two checks while nothing is published, when no call notices a replaced cluster."""
ALL_TOPICS: Final = dict.fromkeys((*TOPICS.values(), DEAD_LETTER_TOPIC), PARTITIONS)

_log = logging.getLogger(__name__)


class ClusterWatch:
    """The checks of one lease term. Durations in seconds."""

    def __init__(self, engine: Engine, publisher: Publisher, held: Lease, clock: Clock = monotonic) -> None:
        """The first check is due immediately."""
        self._engine = engine
        self._publisher = publisher
        self._lease = held
        self._clock = clock
        self._next_at = clock()
        self._idle_at = clock()
        self._created: list[str] = []
        publisher.check_due = True

    def check(self, *, idle: bool = False) -> None:
        """Check when the publisher needs it; with `idle` also every IDLE_INTERVAL. Creates missing topics.

        Takes at most the publisher's timeouts; retries later if the cluster does not answer. Raises LeaseLost.
        """
        now = self._clock()
        if now < self._next_at or not (self._publisher.check_due or (idle and now >= self._idle_at)):
            return
        try:
            cluster = self._publisher.check(ALL_TOPICS)
        except CallFailed as failed:
            _log.warning("kafka_not_reached", extra={"error": str(failed)})
        else:
            self._publisher.check_due = True  # until it is stored: after a database error the check must be repeated
            self._created += cluster.created
            self._note(cluster)
            self._created.clear()
            self._publisher.check_due = False
            self._idle_at = self._clock() + IDLE_INTERVAL
        self._next_at = self._clock() + ATTEMPT_INTERVAL

    def _note(self, cluster: Cluster) -> None:
        """Publish lost events again, then store the cluster."""
        if cluster.cluster_id is None:
            return
        with self._engine.connect() as connection:
            with connection.begin():
                before = cluster_store.known(connection)
            if before is not None and (before != cluster.cluster_id or self._created):
                count = republish_unposted(connection)
                _log.warning(
                    "cluster_changed",
                    extra={"before": before, "now": cluster.cluster_id, "made": self._created, "republished": count},
                )
            with connection.begin():
                check_lease(connection, self._lease)
                cluster_store.remember(connection, cluster.cluster_id)
