"""Names of metrics: those of our processes, of others, and of PromQL expressions and pages."""

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml
from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.http.measuring import measure
from payments.metrics import ApiMetrics, HousekeepingMetrics, LedgerMetrics, RelayMetrics
from tests.repo.sources import ROOT

RULES: Final = ROOT / "prometheus/rules"
_SERIES: Final = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
}
_WORDS_OF_PROMQL: Final = {"and", "or", "unless", "by", "on", "without", "ignoring", "e"}

WRITTEN_BY_BACKUP: Final = "payops_backup_last_success_timestamp_seconds"
WRITTEN_BY_PKI: Final = "certificate_expiry_timestamp_seconds"
OF_OTHERS: Final = {
    "prometheus": {
        "ALERTS",
        "up",
        "prometheus_config_last_reload_successful",
        "prometheus_notifications_alertmanagers_discovered",
        "prometheus_notifications_dropped_total",
        "prometheus_notifications_errors_total",
        "prometheus_rule_evaluation_failures_total",
        "prometheus_rule_group_iterations_missed_total",
    },
    "alertmanager": {"alertmanager_config_last_reload_successful", "alertmanager_notifications_failed_total"},
    "node": {
        "node_cpu_seconds_total",
        "node_disk_io_time_seconds_total",
        "node_filesystem_avail_bytes",
        "node_filesystem_files",
        "node_filesystem_files_free",
        "node_filesystem_readonly",
        "node_filesystem_size_bytes",
        "node_load1",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
        "node_network_receive_bytes_total",
        "node_network_transmit_bytes_total",
        "node_scrape_collector_success",
        "node_textfile_scrape_error",
        "node_timex_offset_seconds",
        "node_timex_sync_status",
        "node_vmstat_oom_kill",
        WRITTEN_BY_BACKUP,
        WRITTEN_BY_PKI,
    },
    "mariadb": {
        "mysql_exporter_last_scrape_error",
        "mysql_global_status_commands_total",
        "mysql_global_status_innodb_buffer_pool_read_requests",
        "mysql_global_status_innodb_buffer_pool_reads",
        "mysql_global_status_innodb_data_fsyncs",
        "mysql_global_status_innodb_row_lock_time",
        "mysql_global_status_queries",
        "mysql_global_status_slow_queries",
        "mysql_global_status_threads_connected",
        "mysql_global_variables_innodb_flush_log_at_trx_commit",
        "mysql_global_variables_max_connections",
        "mysql_global_variables_sync_binlog",
        "mysql_up",
    },
    "redis": {
        "redis_commands_processed_total",
        "redis_connected_clients",
        "redis_db_keys",
        "redis_evicted_keys_total",
        "redis_exporter_last_scrape_error",
        "redis_memory_max_bytes",
        "redis_memory_used_bytes",
        "redis_up",
    },
    "gate": {
        "envoy_cluster_manager_cds_update_rejected",
        "envoy_cluster_membership_healthy",
        "envoy_cluster_membership_total",
        "envoy_cluster_outlier_detection_ejections_active",
        "envoy_cluster_upstream_cx_connect_fail",
        "envoy_cluster_upstream_cx_none_healthy",
        "envoy_cluster_upstream_rq_pending_overflow",
        "envoy_cluster_upstream_rq_retry",
        "envoy_cluster_upstream_rq_rx_reset",
        "envoy_cluster_upstream_rq_time_bucket",
        "envoy_cluster_upstream_rq_time_sum",
        "envoy_cluster_upstream_rq_timeout",
        "envoy_cluster_upstream_rq_xx",
        "envoy_http_downstream_cx_active",
        "envoy_http_downstream_cx_protocol_error",
        "envoy_http_downstream_rq_time_bucket",
        "envoy_http_downstream_rq_time_count",
        "envoy_http_downstream_rq_time_sum",
        "envoy_http_downstream_rq_overload_close",
        "envoy_http_downstream_rq_too_large",
        "envoy_http_downstream_rq_xx",
        "envoy_http_local_rate_limit_rate_limited",
        "envoy_http_rbac_denied",
        "envoy_listener_downstream_global_cx_overflow",
        "envoy_listener_manager_lds_update_rejected",
        "envoy_listener_manager_worker_dispatcher_loop_duration_us_sum",
        "envoy_listener_ssl_connection_error",
        "envoy_listener_ssl_versions",
        "envoy_server_days_until_first_cert_expiring",
    },
}
"""By job. tests/integration/test_dashboards.py asks the real exporters for each."""


def metrics_in(expression: str) -> set[str]:
    """Names of metrics in PromQL, approximately: words that are not a function, label or operator."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]", " ", bare)
    functions = set(re.findall(r"([a-z_]+)\s*\(", bare))
    return set(re.findall(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*", bare)) - functions - _WORDS_OF_PROMQL


def rules() -> list[dict[str, Any]]:
    """Every rule of prometheus/rules."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def recorded() -> set[str]:
    """The names of recording rules."""
    return {rule["record"] for rule in rules() if "record" in rule}


def declared() -> dict[str, set[str]]:
    """Each metric of payments/metrics.py, by its name there, with its series."""
    families: list[Metric] = []
    for group in (ApiMetrics, RelayMetrics, LedgerMetrics, HousekeepingMetrics):
        registry = CollectorRegistry()
        group(registry)
        families += registry.collect()
    return _series(families)


def of_flask_exporter() -> dict[str, set[str]]:
    """The series of prometheus-flask-exporter after one request."""
    app = Flask("payops")
    measure(app, multiprocess=False)
    client = app.test_client()
    client.get("/nowhere")
    shown = text_string_to_metric_families(client.get("/metrics").text)
    return _series(family for family in shown if family.name.startswith("flask_") and family.type != "unknown")


def ours() -> set[str]:
    """Every series of our processes."""
    return set().union(*declared().values(), *of_flask_exporter().values())


def _series(families: Iterable[Metric]) -> dict[str, set[str]]:
    named = {family.name: family for family in families if not family.name.endswith("_created")}
    return {name: {name + end for end in _SERIES[family.type]} for name, family in named.items()}
