"""The embedded Kafka of `make run`: librdkafka's mock cluster, in memory; a restart empties it and changes its address.

Writes its address to a file and then restarts, through supervisord, the programs that use it.
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
    """(the producer that runs the cluster, the bootstrap address `host:port`); the cluster ends with the producer."""
    # librdkafka makes the cluster's id from a memory address, which could be the same after a restart: then the relay
    # would not notice another cluster, and would not publish the old one's messages again.
    moved = bytearray(secrets.randbelow(100_000))
    carrier = Producer({"test.mock.num.brokers": 1})
    del moved
    (broker,) = carrier.list_topics(timeout=ANSWER_SECONDS).brokers.values()
    for topic in topics:  # created by a metadata request, for consumers find a later topic only after seconds
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
    os._exit(0)  # nothing to save, and librdkafka needs a second to end its cluster


if __name__ == "__main__":
    main()
