"""Builds the Flask application from plain options; reads no environment and opens no connection."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from flask import Flask, Request
from flask_sqlalchemy import SQLAlchemy
from prometheus_client import CollectorRegistry
from redis import Redis
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from app.api.paths import IdConverter, TextConverter
from app.commit.acquirer_call import show_breaker
from app.commit.batcher import Batcher
from app.commit.commit_queue import CommitQueue, commit_queue
from app.http import errors, every_request
from app.http.application import Application
from app.http.authentication import Guard
from app.http.early_refusals import EarlyRefusals
from app.http.hooks import remove_hook
from app.http.key_uses import KeyUses, writer_to
from app.http.key_watch import KeyWatch, epoch_of
from app.http.limits import ReadLimits, WrongTokens
from app.http.list_slots import ListSlots
from app.http.measuring import ENDPOINT, RequestMetrics, measure
from app.http.raw_bodies import LARGEST_BODY
from app.identity import Identity
from app.known_keys import read_key, read_merchant
from app.overview import totals
from app.overview.sampler import Sampler, backlog_of
from app.routes import shop, shop_payments
from app.routes.blueprints import BLUEPRINTS
from app.services import EXTENSION, Services, Tokens
from payments.acquiring.gate import Gate
from payments.merchants.hashing import Peppers
from payments.merchants.shop_merchant import ShopMerchant
from payments.merchants.use import Uses
from payments.merchants.verification import Verifier
from payments.metrics import ApiMetrics
from payments.payment.admission import Admission
from payments.platform.clock import monotonic
from payments.platform.database import engine_options, prepare
from payments.platform.redis import client as redis_client
from payments.platform.redis.client import Outage
from payments.platform.tables.every import metadata
from payments.platform.tracing.traces import NoTraces, Traces
from payments.platform.values.money import AmountsByCurrency
from payments.settlement.pain_001 import Account

COMMITS: Final = "commits"
"""The bind of the writers' engine, so that reads do not use the connections that payments need."""
READERS: Final = 8
READ_SECONDS: Final = 1.5
"""Seconds after which MariaDB ends a read, before the client closes the connection (database.NETWORK_TIMEOUT)."""
SQLITE_BUSY_MS: Final = 10
"""SQLite waits in C and blocks all requests; `execute` waits in a greenlet instead."""
ADMISSION_BATCH_LIMIT: Final = 200
_STEPS: Final = ("authorize", "capture", "refund", "void")
_MONEY: Final = frozenset(f"payments.{name}" for name in _STEPS)
_MONEY_OF_SHOP: Final = frozenset(f"{shop_payments.NAME}.{name}" for name in _STEPS)
_FILES: Final = frozenset({"shop.page", "shop.asset"})
_PROBES: Final = frozenset({ENDPOINT, "health.whole", "health.live", "health.ready"})
_UNLIMITED: Final = _MONEY | _MONEY_OF_SHOP | _PROBES | _FILES


@dataclass(frozen=True, slots=True)
class Options:
    """The application's options. Capacities ≤ 0: off; durations in seconds."""

    database_url: str
    redis_url: str
    limits: Mapping[str, tuple[int, int]]
    """(capacity, window) of authorize, capture, refund, address."""
    answer_ttl: int
    read_capacity: int
    writers: int
    queue_size: int
    authorization_lifetime: float
    admin_token: str | None
    """Opens operators' routes where keys are not required; else it makes the first operator's key."""
    trusted_proxies: int
    redis_ca: str | None = None
    """The CA file that Redis's certificate is verified against. None: no TLS."""
    metrics_folder: Path | None = None
    """prometheus_client's folder of all web workers. None: metrics of this process alone."""
    auth_required: bool = False
    peppers: Peppers | None = None
    """Hash keys; None: there are no keys."""
    environment: str = "local"
    """The name of this installation, for the console."""
    shop_folder: Path | None = None
    """The built shop, which may be built later. None: there is none."""
    shop_merchant: str | None = None
    """The merchant that the shop's pages pay for. None: /shop/payments is off."""
    acquirers: Mapping[str, Gate] = field(default_factory=dict)
    """By the names of their connectors."""
    second_operator_above: AmountsByCurrency = field(default_factory=lambda: AmountsByCurrency(1_000_000, {}))
    """Minor units above which what an operator does to money takes a second one."""
    debtor: Account | None = None
    """The account that merchants are paid from. None: there are no files for banks."""
    tokens: Tokens | None = None
    """Where the shop's pages get tokens of cards. None: nowhere."""


def create_app(options: Options, traces: Traces | None = None) -> Flask:
    """The application; every request must run in a greenlet. `traces` None: no spans."""
    app = Application("app", static_folder=None)
    # bodies have their limits where they are read: app.http.raw_bodies
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, PROVIDE_AUTOMATIC_OPTIONS=False, **_databases(options))
    app.url_map.merge_slashes = False  # no redirects: another path is not found
    app.url_map.converters |= {"id": IdConverter, "text": TextConverter}
    errors.install(app)
    requests = measure(app, multiprocess=options.metrics_folder is not None)
    services = _services(app, options, traces or NoTraces(), requests)
    app.extensions[EXTENSION] = services
    app.wsgi_app = EarlyRefusals(app, services.guard, requests, options.trusted_proxies)  # type: ignore[method-assign]
    if options.trusted_proxies > 0:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=options.trusted_proxies)  # type: ignore[method-assign]
    app.extensions[shop.FOLDER] = options.shop_folder
    app.extensions[shop.SAFETY] = shop.safety(options.tokens)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    requests.start_at_zero("POST", [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint in _MONEY])
    return app


def _databases(options: Options) -> dict[str, object]:
    readers = engine_options(
        options.database_url, pool_size=READERS, busy_ms=SQLITE_BUSY_MS, statement_seconds=READ_SECONDS
    )
    writers = engine_options(options.database_url, pool_size=options.writers, busy_ms=SQLITE_BUSY_MS)
    return {
        "SQLALCHEMY_DATABASE_URI": options.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": readers,
        "SQLALCHEMY_BINDS": {COMMITS: {"url": options.database_url, **writers}},
    }


def _engines(app: Flask, traces: Traces) -> tuple[SQLAlchemy, Mapping[str | None, Engine]]:
    database = SQLAlchemy(app, metadata=metadata)
    # app.transactions ends its sessions; money requests have none
    remove_hook(app.teardown_appcontext_funcs, "SQLAlchemy._teardown_session")
    with app.app_context():
        engines = database.engines
    for engine in engines.values():
        prepare(engine)
    traces.watch(list(engines.values()))
    return database, engines


def _totals(options: Options, metrics: CollectorRegistry, requests: CollectorRegistry) -> totals.ReadTotals:
    if options.metrics_folder is not None:
        return totals.FilesOfWorkers(options.metrics_folder)
    return lambda: totals.of_process((metrics, requests))


def _queue(engine: Engine, admission: Admission, metrics: ApiMetrics, traces: Traces, options: Options) -> CommitQueue:
    return commit_queue(engine, admission, metrics, traces, writers=options.writers, capacity=options.queue_size)


def _metrics(registry: CollectorRegistry, acquirers: Mapping[str, Gate]) -> ApiMetrics:
    metrics = ApiMetrics(registry, acquirers)
    for connector, gate in acquirers.items():
        show_breaker(metrics, connector, gate.state)
    return metrics


def _read_limits(
    app: Flask, options: Options, client: Redis, platform: Identity, outage: Outage, guard: Guard
) -> ReadLimits:
    def is_exempt(current: Request) -> bool:
        if current.endpoint in _UNLIMITED:
            return True
        return current.blueprint != shop_payments.NAME and guard.is_operator(current)

    capacity = options.read_capacity
    return ReadLimits(app, client=client, platform=platform, outage=outage, capacity=capacity, is_exempt=is_exempt)


def _services(app: Flask, options: Options, traces: Traces, requests: RequestMetrics) -> Services:
    database, engines = _engines(app, traces)
    outage = Outage(monotonic)
    client = redis_client.connect(options.redis_url, options.redis_ca)
    platform = Identity(engines[None], monotonic)
    admission = Admission(client, outage, platform, options.limits, options.answer_ttl)
    registry = CollectorRegistry()
    metrics = _metrics(registry, options.acquirers)
    verifier = Verifier(options.peppers or Peppers(()), read_key, monotonic)
    wrong = WrongTokens(client, platform, outage, time.time)
    uses = Uses()
    guard = Guard(verifier, uses, options.admin_token, wrong, required=options.auth_required)
    limits = _read_limits(app, options, client, platform, outage, guard)
    every_request.install(app, options.trusted_proxies, requests, limits, guard)
    return Services(
        database=database,
        admission=admission,
        admission_batcher=Batcher(admission.admit, workers=1, size=ADMISSION_BATCH_LIMIT),
        queue=_queue(engines[COMMITS], admission, metrics, traces, options),
        acquirers=options.acquirers,
        tokens=options.tokens,
        metrics=metrics,
        guard=guard,
        shop=ShopMerchant(options.shop_merchant, read_merchant, lambda: verifier.epoch, monotonic),
        key_watch=KeyWatch(verifier, epoch_of(engines[None])),
        key_uses=KeyUses(uses, writer_to(engines[None])),
        peppers=options.peppers,
        lists=ListSlots(monotonic),
        overview=Sampler(_totals(options, registry, requests), backlog_of(engines[None])),
        environment=options.environment,
        authorization_lifetime=timedelta(seconds=options.authorization_lifetime),
        second_operator_above=options.second_operator_above,
        debtor=options.debtor,
        traces=traces,
    )
