"""`python -m worker COMMAND`: builds each worker from the settings and runs it. Only this module reads settings.

Modules are imported when their command is run: `audit` needs no Kafka client.
"""

import argparse
import importlib
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from payments import crash_points, logs
from payments.cli.pipes import quietly
from payments.config import BadSettings, Settings, load
from payments.metrics import LedgerMetrics, RelayMetrics
from payments.platform.database import check_sqlite_version, create_engine
from payments.platform.tracing.traces import NoTraces, Traces
from worker.exposition import Health, PortTaken, serve

_log = logging.getLogger("worker")


class Service(NamedTuple):
    """A worker that runs until its stop event is set, and its answer at /health."""

    run: Callable[[], None]
    health: Health | None = None


def _relay(settings: Settings, registry: CollectorRegistry, stop: threading.Event, traces: Traces) -> Service:
    from payments.breaker.guard import Breaker  # noqa: PLC0415
    from payments.breaker.rules import BreakerConfig  # noqa: PLC0415
    from payments.breaker.store import BreakerRow  # noqa: PLC0415
    from payments.platform.kafka.producer import Publisher  # noqa: PLC0415
    from worker.relay import Relay, RelayTimes  # noqa: PLC0415

    metrics = RelayMetrics(registry)
    times = RelayTimes(settings.lease_seconds, settings.cb_call_timeout, settings.cb_probe_timeout)
    publisher = Publisher(_kafka(settings), call_timeout=times.call_timeout, probe_timeout=times.probe_timeout)

    config = BreakerConfig(
        sliding_window_size=settings.cb_sliding_window_size,
        minimum_number_of_calls=settings.cb_minimum_number_of_calls,
        failure_rate_threshold=settings.cb_failure_rate_threshold,
        slow_call_rate_threshold=settings.cb_slow_call_rate_threshold,
        slow_call_duration=settings.cb_slow_call_duration,
        wait_duration=settings.cb_wait_duration,
        permitted_calls_in_half_open=settings.cb_permitted_calls_in_half_open,
    )

    def make_breaker(before: BreakerRow | None) -> Breaker:
        return Breaker(metrics, config, before=before)

    engine = create_engine(settings.database_url, pool_size=2)  # deliveries and heartbeat
    park_after = settings.park_after_attempts
    return Service(Relay(engine, publisher, make_breaker, metrics, times, stop, park_after, traces=traces).run)


def _ledger(settings: Settings, registry: CollectorRegistry, stop: threading.Event, traces: Traces) -> Service:
    from worker.consumption import consumer_options  # noqa: PLC0415
    from worker.ledger import Ledger  # noqa: PLC0415

    engine = create_engine(settings.database_url, pool_size=1)
    options = consumer_options(_kafka(settings), settings.kafka_max_poll_interval)
    traces.watch([engine])
    ledger = Ledger(engine, options, LedgerMetrics(registry), stop, traces=traces)
    return Service(ledger.run, ledger.health)


def _housekeeping(settings: Settings, registry: CollectorRegistry, stop: threading.Event, _traces: Traces) -> Service:
    from payments.platform.connectors import ConnectorName  # noqa: PLC0415
    from payments.retention.service import Retention  # noqa: PLC0415
    from worker.acquirer import gates  # noqa: PLC0415
    from worker.housekeeping import CONNECTIONS, Plan, run  # noqa: PLC0415
    from worker.money_out import MoneyOutPlan  # noqa: PLC0415

    kept = (settings.outbox_retention, settings.inbox_retention, settings.answer_retention, settings.record_retention)
    retention = Retention(*(timedelta(seconds=seconds) for seconds in kept))
    plan = Plan(
        settings.expire_interval,
        settings.audit_interval,
        retention,
        replay_timeout=timedelta(seconds=settings.replay_timeout),
        prune_interval=settings.prune_interval,
        expire_per_round=settings.expire_per_round,
        repair_after=settings.repair_after,
        clock_jump=settings.clock_jump,
        money_out=MoneyOutPlan(
            settings.minimum_payout,
            timedelta(seconds=settings.settlement_delay),
            {ConnectorName.SIMULATOR: settings.acquirer} if settings.acquirer else {},
        ),
    )
    engine = create_engine(settings.database_url, pool_size=CONNECTIONS)
    configured = gates(settings.acquirer)
    return Service(lambda: run(engine, plan, registry, stop, configured))


def _traces(settings: Settings, service: str) -> Traces:
    if settings.otlp_endpoint is None:
        return NoTraces()
    from payments.platform.tracing.otlp import OtlpTraces  # noqa: PLC0415  (memory, and time at start)

    return OtlpTraces(settings.otlp_endpoint, service)


def _kafka(settings: Settings) -> dict[str, str | int | bool]:
    from payments.platform.kafka.producer import client_options  # noqa: PLC0415

    return client_options(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_username,
        settings.kafka_sasl_password,
        settings.kafka_ca,
    )


class ServiceCommand(NamedTuple):
    """Builds a service; `port`: of its metrics, unless WORKER_METRICS_PORT is set."""

    name: str
    about: str
    build: Callable[[Settings, CollectorRegistry, threading.Event, Traces], Service]
    port: int

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """A service has no options, only settings."""

    def run(self, settings: Settings, _options: argparse.Namespace) -> int:
        """Run until SIGTERM or SIGINT; returns the exit code."""
        stop = threading.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stop.set())
        logs.configure(settings.log_level)
        registry = CollectorRegistry()
        traces = _traces(settings, f"payops-{self.name}")
        service = self.build(settings, registry, stop, traces)
        port = self.port if settings.worker_metrics_port is None else settings.worker_metrics_port
        server = serve(port, registry, service.health, settings.worker_metrics_host)
        try:
            service.run()
        finally:
            server.shutdown()
            traces.close()
        return 0


class ToolCommand(NamedTuple):
    """A command that ends by itself: `add_NAME` and `run_NAME` of `worker.cli.repair` or another module."""

    about: str
    name: str
    module: str = "worker.cli.repair"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Let the tool declare its options."""
        getattr(importlib.import_module(self.module), f"add_{self.name}")(parser)

    def run(self, settings: Settings, options: argparse.Namespace) -> int:
        """Run it; returns the exit code."""
        from payments.platform.operator_name import actor  # noqa: PLC0415
        from worker.cli.repair import ToolSettings  # noqa: PLC0415

        run = getattr(importlib.import_module(self.module), f"run_{self.name}")
        given = ToolSettings(
            settings.database_url,
            timedelta(seconds=settings.answer_retention),
            actor(os.environ),
            settings.second_operator_above,
            settings.minimum_payout,
            timedelta(seconds=settings.settlement_delay),
            settings.payout_account,
            settings.acquirer,
        )
        code: int = run(given, options)
        return code


COMMANDS: dict[str, ServiceCommand | ToolCommand] = {
    "relay": ServiceCommand("relay", "publish the outbox to Kafka", _relay, 9101),
    "ledger": ServiceCommand("ledger", "post the ledger from Kafka", _ledger, 9102),
    "housekeeping": ServiceCommand("housekeeping", "expire, prune, audit on a schedule", _housekeeping, 9103),
    "audit": ToolCommand("hold payments and ledger against each other", "audit", "worker.cli.audit"),
    "clock": ToolCommand("show the database's clock, or confirm it after a jump", "clock", "worker.cli.clock"),
    "republish": ToolCommand("publish again what was never posted", "republish"),
    "dlq": ToolCommand("list, show, replay, discard dead letters", "dlq", "worker.cli.dead_letters"),
    "outbox": ToolCommand("list, release, discard events that Kafka refused", "outbox", "worker.cli.outbox"),
    "settle": ToolCommand("close batches, list, pay and adjust them", "settle", "worker.cli.settle"),
    "fees": ToolCommand("list fee schedules, or add a version of one", "fees", "worker.cli.fees"),
    "deployed": ToolCommand("log that a release was activated", "deployed", "worker.cli.deployed"),
    "reconcile": ToolCommand("import acquirers' settlement files, list them", "reconcile", "worker.cli.reconcile"),
    "ledger-resume": ToolCommand("end the ledger's halt on poison", "ledger_resume"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code (2: it could not start)."""
    parser = argparse.ArgumentParser(prog="python -m worker")
    choices = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        choice = choices.add_parser(name, help=command.about, description=command.about)
        if name in arguments:
            command.add_options(choice)
    options = parser.parse_args(arguments)
    try:
        settings = load(os.environ)
        crash_points.arm(settings.crash_point)
        check_sqlite_version(sqlite3.sqlite_version_info)
        return COMMANDS[options.command].run(settings, options)
    except (BadSettings, PortTaken, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(quietly(lambda: main(sys.argv[1:])))
