"""Creates topics that a cluster lacks. One that cannot be created is logged, and the others are still created."""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from payments.platform.kafka.answers import text_of

ADMIN_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Cluster(NamedTuple):
    """The cluster that answers, and the topics that were just created on it."""

    cluster_id: str | None
    created: list[str]


def make_topics(options: Mapping[str, Any], topics: Mapping[str, int], client_log: logging.Logger) -> list[str]:
    """Create these topics (name → partitions) within ADMIN_SECONDS; returns those that did not exist before."""
    admin = AdminClient(dict(options), logger=client_log)
    wanted = [NewTopic(topic, partitions) for topic, partitions in topics.items()]
    created = []
    for topic, future in admin.create_topics(wanted, request_timeout=ADMIN_SECONDS).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                _log.warning("topic_not_made", extra={"topic": topic, "error": text_of(error)})
        else:
            _log.info("topic_made", extra={"topic": topic})
            created.append(topic)
    return created
