"""The platform under measurement three times: its links plain, over TLS of their own, and through a mesh's sidecars."""

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from bench import k6
from bench.k6 import LoadResult
from bench.platform import LIMITS, MARIADB, UP_SECONDS, cpu_of, is_up, lower_others, wait_until
from bench.session import Session
from payments.platform.database import create_engine, with_ca
from stack.certificates import LOOPBACK, Authority, Leaf
from stack.platform import Api, Platform, real_platform
from stack.server import Server
from stack.sidecar import Gate, Inbound, MeshGate, Outbound, Sidecar

FROM_GATE: Final = {"APP_TRUSTED_PROXIES": "1"}
SHOWN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Links:
    """A platform, and where clients reach it. `renew` replaces every certificate, and returns when all are shown."""

    name: str
    session: Session
    url: str
    authority: Path | None = None
    envoys: Sequence[Server] = ()
    renew: Callable[[], None] = lambda: None

    def load(self, rate: int, seconds: int) -> LoadResult:
        """Authorizations at `rate` a second, when all before is posted."""
        self.session.drain()
        return k6.run(self.url, rate, seconds, authority=self.authority)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds since their start: of the api, MariaDB, all Envoys, and of the whole platform with these."""
        platform = self.session.platform
        envoys = sum(map(cpu_of, self.envoys))
        all_others = sum(map(cpu_of, (*platform.programs.values(), *platform.servers.values())))
        own = {"api": cpu_of(platform.api), "MariaDB": cpu_of(platform.mariadb)}
        return {**own, "Envoys": envoys, "everything": all_others + envoys}

    def envoys_bytes(self) -> float:
        """Memory of its Envoys; what processes share, as the program's code, is divided among them."""
        return float(sum(psutil.Process(one.pid).memory_full_info().pss for one in self.envoys))


def plain(session: Session) -> Links:
    """Nothing is TLS, and clients ask the api itself."""
    return Links("plain", session, session.platform.api.url)


@contextmanager
def native() -> Iterator[Links]:
    """Every program and server speaks TLS itself; the gateway is before the api."""
    with ExitStack() as stack:
        authority = Authority(Path(stack.enter_context(TemporaryDirectory())))
        platform = stack.enter_context(real_platform(LIMITS, MARIADB, authority=authority))
        file = listen_on_socket(platform.api)
        platform.api.restart()
        gate = stack.enter_context(Gate(authority.leaf(), file))

        def renew() -> None:
            for server in (platform.mariadb, platform.redis, platform.kafka):
                server.use(authority.leaf())
            _renew(gate, authority.leaf(), [gate.port])

        session = _session(stack, platform, with_ca(platform.database_url, str(authority.file)))
        yield Links("native TLS", session, gate.url, authority.file, [gate], renew)


@contextmanager
def through_sidecars() -> Iterator[Links]:
    """Every program and server speaks plain to its sidecar; relay, ledger and housekeeping share one.

    They share it because Kafka tells all its clients one address.
    """
    with ExitStack() as stack:
        authority = Authority(Path(stack.enter_context(TemporaryDirectory())))
        platform = stack.enter_context(real_platform({**LIMITS, **FROM_GATE}, MARIADB))
        gate, beside = _mesh(platform, authority)
        for sidecar in beside.values():
            stack.enter_context(sidecar)
        _enter(platform, beside)
        stack.enter_context(gate)

        def renew() -> None:
            for name, sidecar in beside.items():
                _renew(sidecar, authority.leaf((name,), mutual=True), [one.at for one in sidecar.inbound])
            _renew(gate, authority.leaf((*LOOPBACK, "gate"), mutual=True), [gate.port])

        session = _session(stack, platform, platform.database_url)
        yield Links("sidecars", session, gate.url, authority.file, [gate, *beside.values()], renew)


def listen_on_socket(api: Api) -> str:
    """Have the api listen on a unix socket, too, from its next start: there the gateway asks it, as on machines."""
    path = str(api.folder / "api.sock")
    binds = f"--bind=127.0.0.1:{api.port} --bind=unix:{path}"
    api.environment = {**api.environment, **FROM_GATE, "GUNICORN_CMD_ARGS": binds}
    return path


def _mesh(platform: Platform, authority: Authority) -> tuple[MeshGate, dict[str, Sidecar]]:
    mariadb = Inbound(platform.mariadb.port, ("api", "workers"))
    redis = Inbound(platform.redis.port, ("api", "workers"))
    kafka = Inbound(platform.kafka.port, ("workers",))
    api = Inbound(platform.api.port, ("gate",), http=True)
    inbound = {"mariadb": [mariadb], "redis": [redis], "kafka": [kafka], "api": [api], "workers": []}
    outbound = {
        "api": [Outbound("mariadb", mariadb), Outbound("redis", redis)],
        "workers": [Outbound("mariadb", mariadb), Outbound("redis", redis), Outbound("kafka", kafka)],
    }
    beside = {
        name: Sidecar(name, authority.leaf((name,), mutual=True), ways, outbound.get(name, ()))
        for name, ways in inbound.items()
    }
    return MeshGate(authority.leaf((*LOOPBACK, "gate"), mutual=True), api), beside


def _enter(platform: Platform, beside: Mapping[str, Sidecar]) -> None:
    """Have every program use its sidecar."""
    (kafka,) = [one.at for one in beside["workers"].outbound if one.name == "kafka"]
    platform.kafka.advertise(kafka)
    for program in platform.programs.values():
        own = beside["api" if program is platform.api else "workers"]
        program.environment = _through(program.environment, own.outbound)
        program.restart()


def _through(environment: Mapping[str, str], ways: Sequence[Outbound]) -> dict[str, str]:
    found = dict(environment)
    for way in ways:
        for name, value in found.items():
            found[name] = value.replace(f"127.0.0.1:{way.to.port}", f"127.0.0.1:{way.at}")
    return found


def _renew(envoy: Gate | Sidecar, leaf: Leaf, ports: Sequence[int]) -> None:
    """Give it another leaf, and wait until it shows that on these ports."""
    envoy.use(leaf)
    for port in ports:
        wait_until(partial(_shows, port, leaf), SHOWN_SECONDS, "a leaf is shown")


def _shows(port: int, leaf: Leaf) -> bool:
    return ssl.get_server_certificate(("127.0.0.1", port)) in leaf.certificate.read_text()


def _session(stack: ExitStack, platform: Platform, database_url: str) -> Session:
    wait_until(lambda: is_up(platform.api.url), UP_SECONDS, "the platform is up")
    lower_others(platform)
    engine = create_engine(database_url, timeout=60)
    stack.callback(engine.dispose)
    return Session(platform, engine)
