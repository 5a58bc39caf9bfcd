"""Runs on the application's machine, by the release's Python: one new connection, made as our processes make it.

Argument: JSON with `link`, `host`, `port`, `user`, `password`, `ca` (null: without TLS) and `renamed`: by an address
that no certificate has. Prints JSON: `passed`, and `said`, all that an operator would read.
"""

import json
import logging
import select
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import pymysql
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy import text

from payments.platform.database import create_engine, with_ca
from payments.platform.kafka.producer import Publisher, client_options
from payments.platform.redis import client as redis_client

RENAMED: Final = "127.0.0.2"
SECONDS: Final = 5.0


def to_mariadb(given: dict[str, Any]) -> None:
    """The api's way to the database."""
    if not given["ca"]:  # the driver by itself takes TLS where there is some
        names = ("host", "port", "user", "password")
        pymysql.connect(**{name: given[name] for name in names}, ssl_disabled=True)
        return
    url = f"mysql+pymysql://{given['user']}:{quote(given['password'])}@{given['host']}:{given['port']}/paydb"
    engine = create_engine(with_ca(url, given["ca"]))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def to_redis(given: dict[str, Any]) -> None:
    """The api's way to the cache."""
    scheme = "rediss" if given["ca"] else "redis"
    url = f"{scheme}://{given['user']}:{quote(given['password'])}@{given['host']}:{given['port']}/0"
    with redis_client.connect(url, given["ca"]) as client:
        while True:
            try:
                client.ping()
            except RedisTimeout:  # 50 ms: a busy machine, not a refusal
                continue
            return


def to_kafka(given: dict[str, Any]) -> None:
    """The relay's way to the broker."""
    protocol = "SASL_SSL" if given["ca"] else "SASL_PLAINTEXT"
    bootstrap = f"{given['host']}:{given['port']}"
    options = client_options(bootstrap, protocol, given["user"], given["password"], given["ca"])
    Publisher(options, call_timeout=SECONDS, probe_timeout=SECONDS).check({})


WAYS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "mariadb": to_mariadb,
    "redis": to_redis,
    "kafka": to_kafka,
}


def renamed(host: str, port: int) -> int:
    """A port of RENAMED that leads to that server, until this process ends."""
    listening = socket.create_server((RENAMED, 0))

    def forward(near: socket.socket) -> None:
        with near, socket.create_connection((host, port), SECONDS) as far:
            other = {near: far, far: near}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    if not (read := end.recv(65536)):
                        return
                    other[end].sendall(read)

    def accept() -> None:
        while True:
            threading.Thread(target=forward, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listening.getsockname()[1])


class Kept(logging.Handler):
    """What was logged, as one list of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the event and its reason."""
        fields = (record.getMessage(), *(getattr(record, name, "") for name in ("error", "detail")))
        self.texts.append(" ".join(map(str, fields)))


def main() -> None:
    """Speak once."""
    given = json.loads(sys.argv[1])
    if given["renamed"]:
        given |= {"port": renamed(given["host"], given["port"]), "host": RENAMED}
    kept = Kept()
    logging.getLogger().addHandler(kept)
    try:
        WAYS[given["link"]](given)
    except Exception as error:  # noqa: BLE001  (the test says what it means)
        said = "\n".join([f"{type(error).__name__} {error}", *kept.texts])
        json.dump({"passed": False, "said": said}, sys.stdout)
    else:
        json.dump({"passed": True, "said": ""}, sys.stdout)


if __name__ == "__main__":
    main()
