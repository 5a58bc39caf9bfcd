"""Gateway: Envoy before the api, by its own metrics (job gate)."""

from typing import Final

from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, UP, Kind, Panel, Query, above, below

WINDOW: Final = "[$__rate_interval]"
GATE: Final = 'envoy_http_conn_manager_prefix="gate"'
API: Final = 'envoy_cluster_name="api"'
TIMES: Final = (("downstream", "http", GATE, "clients"), ("upstream", "cluster", API, "api"))


def rate(metric: str, legend: str, by: str = "node", chosen: str = "") -> Query:
    """The rate of a counter on each machine; `chosen`: labels."""
    return Query(f"sum by ({by}) (rate({metric}{{{chosen}}}{WINDOW}))", legend)


def seconds(share: float) -> tuple[Query, ...]:
    """How long this share of requests takes at most: as clients wait, and as Envoy waits for the api."""
    return tuple(
        Query(
            f"histogram_quantile({share:g}, sum by (node, le) "
            f"(rate(envoy_{of}_{side}_rq_time_bucket{{{chosen}}}{WINDOW}))) / 1000",
            f"{legend} {{{{node}}}}",
        )
        for side, of, chosen, legend in TIMES
    )


def spent(side: str, of: str, chosen: str) -> str:
    """Milliseconds of all requests, a second."""
    return f"sum by (node) (rate(envoy_{of}_{side}_rq_time_sum{{{chosen}}}{WINDOW}))"


ADDED: Final = (
    f"({spent('downstream', 'http', GATE)} - {spent('upstream', 'cluster', API)}) / "
    f"(sum by (node) (rate(envoy_http_downstream_rq_time_count{{{GATE}}}{WINDOW})) > 0) / 1000"
)
NONE: Final = '(sum by (node) (up{job="gate"}) * 0)'
"""Where a counter has no series yet."""
OWN_ERRORS: Final = (
    f'(sum by (node) (rate(envoy_cluster_upstream_rq_xx{{{API}, envoy_response_code_class="5"}}{WINDOW})) or {NONE}) - '
    f'(sum by (node) (rate(flask_http_request_duration_seconds_count{{status=~"5.."}}{WINDOW})) or {NONE})'
)

NOW: Final = Row(
    "Now",
    (
        Panel(
            "Does it answer?",
            "Prometheus reads the metrics of the api through it, too: when it is down, those are missing.",
            "none",
            (Query('max by (node) (up{job="gate"})', "{{node}}"),),
            UP,
            Kind.NUMBER,
            height=5,
            names=((0, "down", RED), (1, "up", GREEN)),
        ),
        Panel(
            "Instances without requests",
            "Ejected, not healthy, or drained by a deployment.",
            "short",
            (
                Query(
                    f"max by (node) (envoy_cluster_membership_total{{{API}}} - "
                    f"envoy_cluster_membership_healthy{{{API}}})",
                    "{{node}}",
                ),
            ),
            above(red=first_count("GatewayInstanceEjected")),
            Kind.NUMBER,
            height=5,
            alert="GatewayInstanceEjected",
        ),
        Panel(
            "Days of the certificate",
            "Until the first of the certificates expires that it has loaded. Role pki renews them with 30 days left.",
            "short",
            (Query("min by (node) (envoy_server_days_until_first_cert_expiring)", "{{node}}"),),
            below(red=limit("GatewayCertificateExpires"), yellow=21),
            Kind.NUMBER,
            height=5,
            alert="GatewayCertificateExpires",
        ),
    ),
)

REQUESTS: Final = Row(
    "Requests",
    (
        Panel(
            "Answers by status",
            "Of the api and of Envoy itself, a second.",
            "reqps",
            (
                rate(
                    "envoy_http_downstream_rq_xx",
                    "{{envoy_response_code_class}}xx {{node}}",
                    "node, envoy_response_code_class",
                    GATE,
                ),
            ),
            NO_LIMIT,
        ),
        Panel(
            "5xx that no instance gave",
            "Errors that clients got, without those that the api counts: no instance, no answer in time, a connection "
            "that ended. The alert fires above 1 % of the requests.",
            "reqps",
            (Query(OWN_ERRORS, "{{node}}"),),
            above(red=1),
            least=None,
        ),
        Panel(
            "Answers of its own, by reason",
            "Requests a second that Envoy answered itself, and attempts that failed and were perhaps made again.",
            "reqps",
            (
                rate("envoy_cluster_upstream_cx_none_healthy", "no instance {{node}}", chosen=API),
                rate("envoy_cluster_upstream_cx_connect_fail", "no connection {{node}}", chosen=API),
                rate("envoy_cluster_upstream_rq_timeout", "no answer in time {{node}}", chosen=API),
                rate("envoy_cluster_upstream_rq_rx_reset", "connection ended {{node}}", chosen=API),
                rate("envoy_cluster_upstream_rq_pending_overflow", "too many at once {{node}}", chosen=API),
                rate("envoy_http_rbac_denied", "not from this network {{node}}", chosen=GATE),
                rate("envoy_http_downstream_rq_too_large", "body too large {{node}}", chosen=GATE),
                rate("envoy_http_downstream_cx_protocol_error", "no HTTP {{node}}", chosen=GATE),
            ),
            NO_LIMIT,
        ),
    ),
)

TIME: Final = Row(
    "Time",
    (
        Panel("Median", "As clients wait, and as Envoy waits for the api.", "s", seconds(0.5), NO_LIMIT),
        Panel("95th percentile", "As clients wait, and as Envoy waits for the api.", "s", seconds(0.95), NO_LIMIT),
        Panel(
            "Added by Envoy",
            "The mean time of a request beyond that of the api: its body arrives slowly, its answer is read slowly, or "
            "Envoy is busy. Where the machine serves Grafana, too, its time counts as added.",
            "s",
            (Query(ADDED, "{{node}}"),),
            NO_LIMIT,
            least=None,
        ),
    ),
)

BUSY: Final = f"sum by (node) (rate(envoy_listener_manager_worker_dispatcher_loop_duration_us_sum{WINDOW})) / 1e6"

LIMITS: Final = Row(
    "Limits and instances",
    (
        Panel(
            "Refused by a limit",
            "Requests a second above the limit of an address or of an API key. Merchants' own limits are the api's.",
            "reqps",
            (
                rate(
                    "envoy_http_local_rate_limit_rate_limited",
                    "{{envoy_local_http_ratelimit_prefix}} {{node}}",
                    "node, envoy_local_http_ratelimit_prefix",
                ),
            ),
            above(red=limit("GatewayLimits")),
            alert="GatewayLimits",
        ),
        Panel(
            "Instances",
            "Those that get requests, and those that were ejected because they did not answer.",
            "short",
            (
                Query(f"min by (node) (envoy_cluster_membership_healthy{{{API}}})", "healthy {{node}}"),
                Query(f"max by (node) (envoy_cluster_outlier_detection_ejections_active{{{API}}})", "ejected {{node}}"),
            ),
            NO_LIMIT,
        ),
        Panel(
            "Sent again",
            "Requests a second that were sent to another instance: those that read, and those that were not sent yet.",
            "reqps",
            (rate("envoy_cluster_upstream_rq_retry", "{{node}}", chosen=API),),
            NO_LIMIT,
        ),
    ),
)

CONNECTIONS: Final = Row(
    "Connections and the process",
    (
        Panel(
            "Connections",
            "Of clients, open now; those a second that were refused because there were too many; and requests a second "
            "that were refused because Envoy's memory was full.",
            "short",
            (
                Query(f"sum by (node) (envoy_http_downstream_cx_active{{{GATE}}})", "open {{node}}"),
                rate("envoy_listener_downstream_global_cx_overflow", "refused {{node}}"),
                rate("envoy_http_downstream_rq_overload_close", "without memory {{node}}", chosen=GATE),
            ),
            NO_LIMIT,
        ),
        Panel(
            "TLS handshakes",
            "By version, a second, and those that failed. Kept connections need none.",
            "ops",
            (
                rate("envoy_listener_ssl_versions", "{{envoy_ssl_version}} {{node}}", "node, envoy_ssl_version"),
                rate("envoy_listener_ssl_connection_error", "failed {{node}}"),
            ),
            NO_LIMIT,
        ),
        Panel(
            "Busy workers",
            "How many of its threads are at work, of one for each core: Envoy does not show its CPU time.",
            "short",
            (Query(BUSY, "{{node}}"),),
            NO_LIMIT,
        ),
    ),
)

BOARD: Final = Board(
    "payops-gateway",
    "Gateway",
    "Envoy before the api: what it answers, adds, refuses, and to whom it hands on.",
    (NOW, REQUESTS, TIME, LIMITS, CONNECTIONS),
)
