"""The API's composition root: the only module under app/ that reads settings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flask import Flask

from app.factory import Options, create_app
from app.services import Tokens
from payments import crash_points, logs
from payments.acquiring.gate import AT_ONCE, Gate
from payments.acquiring.simulator import SimulatorConnector
from payments.config import BadSettings, Settings, load
from payments.merchants.hashing import Peppers
from payments.platform.connectors import ConnectorName
from payments.settlement.pain_001 import Account

__all__ = ["BadSettings", "build"]

_PACKAGED_SHOP: Final = Path(__file__).parent / "store"
_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
_SQLITE: Final = "sqlite:///"


def build(environment: Mapping[str, str]) -> Flask:
    """The application for these environment variables. Raises payments.config.BadSettings."""
    settings = load(environment)
    logs.configure(settings.log_level)
    crash_points.arm(settings.crash_point)
    options = Options(
        database_url=_from_working_folder(settings.database_url),
        redis_url=settings.redis_url,
        redis_ca=settings.redis_ca,
        limits={name: settings.rate_limit(name) for name in ("authorize", "capture", "refund", "address")},
        answer_ttl=settings.idempotency_cache_ttl,
        read_capacity=settings.read_capacity,
        writers=settings.commit_writers,
        queue_size=settings.commit_queue_size,
        authorization_lifetime=settings.authorization_lifetime,
        admin_token=settings.admin_token,
        auth_required=settings.auth == "required",
        peppers=None if settings.key_peppers is None else Peppers(settings.key_peppers),
        trusted_proxies=settings.trusted_proxies,
        metrics_folder=Path(metrics) if (metrics := os.environ.get(_METRICS)) else None,
        environment=settings.environment,
        shop_folder=_shop(settings.shop_folder),
        shop_merchant=settings.shop_merchant,
        acquirers=_acquirers(settings),
        tokens=_tokens(settings),
        second_operator_above=settings.second_operator_above,
        debtor=None if settings.payout_account is None else Account(*settings.payout_account),
    )
    if settings.otlp_endpoint is None:
        return create_app(options)
    return _traced(options, settings.otlp_endpoint)


def _acquirers(settings: Settings) -> dict[str, Gate]:
    """The acquirers that there are an address and a key of. Connects to none."""
    if settings.acquirer is None:
        return {}
    url, key, ca = settings.acquirer
    return {ConnectorName.SIMULATOR: Gate(SimulatorConnector(url, key, AT_ONCE, ca))}


def _tokens(settings: Settings) -> Tokens | None:
    url, key = settings.acquirer_public_url, settings.acquirer_publishable_key
    return None if url is None or key is None else Tokens(f"{url}/v1/tokens", key)


def _traced(options: Options, endpoint: str) -> Flask:
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415  (memory, and time at start)

    from payments.platform.tracing.otlp import OtlpTraces  # noqa: PLC0415

    traces = OtlpTraces(endpoint, "payops-api")
    app = create_app(options, traces)
    FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]  # half of its signature has types
        app, tracer_provider=traces.provider, excluded_urls="health,metrics"
    )
    return app


def _shop(chosen: str | None) -> Path | None:
    if chosen is not None:
        return Path(chosen)  # `make run` sets it before the shop is built
    return _PACKAGED_SHOP if _PACKAGED_SHOP.is_dir() else None


def _from_working_folder(url: str) -> str:
    # Flask-SQLAlchemy resolves a relative file in its instance folder, the workers in the working folder
    if url.startswith(_SQLITE) and not url.startswith(_SQLITE + "/"):
        return _SQLITE + str(Path(url.removeprefix(_SQLITE)).absolute())
    return url
