"""The embedded Kafka of `make run`: librdkafka's mock cluster, in memory; after a restart it is empty and elsewhere.

Writes its address to a file and then restarts, through supervisord, the programs that have to learn it.
"""

import argparse
import os
import secrets
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import Producer

from stack.supervision import Supervisor
from stack.whole_file import write_whole

ANSWER_SECONDS = 10
RESTART_SECONDS = 8


def start_cluster(topics: Iterable[str] = ()) -> tuple[Producer, str]:
    """(the producer that carries the cluster, its bootstrap address `host:port`); the one ends with the other."""
    # librdkafka makes the cluster's id from an address in memory, which could be the same after a restart: then nobody
    # would notice that this is another cluster, and what the old one held would not be published again.
    moved = bytearray(secrets.randbelow(100_000))
    carrier = Producer({"test.mock.num.brokers": 1})
    del moved
    (broker,) = carrier.list_topics(timeout=ANSWER_SECONDS).brokers.values()
    for topic in topics:  # asking for a topic makes it; a consumer that came before it would look again seconds later
        carrier.list_topics(topic, timeout=ANSWER_SECONDS)
    return carrier, f"{broker.host}:{broker.port}"


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m stack.broker", description=__doc__)
    parser.add_argument("file", type=Path, help="where the bootstrap address is written")
    parser.add_argument("--topics", nargs="*", default=[], help="topics to make")
    parser.add_argument("--users", nargs="*", default=[], help="supervised programs (group:name) to restart afterwards")
    arguments = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    _carrier, address = start_cluster(arguments.topics)
    write_whole(arguments.file, address)
    print(f"listening on {address}", flush=True)
    if arguments.users:
        started = time.monotonic()
        Supervisor(os.environ["SUPERVISOR_SERVER_URL"]).restart(arguments.users, RESTART_SECONDS)
        print(f"restarted {' '.join(arguments.users)} in {time.monotonic() - started:.1f} s", flush=True)
    signal.sigwait(signals)
    os._exit(0)  # there is nothing to save, and librdkafka takes a second to take its cluster down


if __name__ == "__main__":
    main()
