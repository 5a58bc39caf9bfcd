"""MariaDB and Redis."""

from typing import Final

from grafana.alerts import limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, UP, Kind, Limits, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"
STATUS: Final = "mysql_global_status_"
UP_OR_DOWN: Final = ((0, "down", RED), (1, "up", GREEN))


def rate(metric: str, legend: str, by: str = "node") -> Query:
    """The rate of a counter on each machine."""
    return Query(f"sum by ({by}) (rate({metric}{WINDOW}))", legend)


NOW: Final = Row(
    "Now",
    (
        Panel(
            "Do they answer?",
            "As the exporter on their machine sees it. Without MariaDB every money request is answered 503; without "
            "Redis payments go on, unlimited.",
            "none",
            (
                Query("max by (node) (mysql_up)", "MariaDB {{node}}"),
                Query("max by (node) (redis_up)", "Redis {{node}}"),
            ),
            UP,
            Kind.NUMBER,
            width=12,
            height=5,
            names=UP_OR_DOWN,
        ),
        Panel(
            "Is a commit safe from a power cut?",
            "innodb_flush_log_at_trx_commit and sync_binlog must both be 1: an answered payment is on the disk.",
            "none",
            (
                Query("max by (node) (mysql_global_variables_innodb_flush_log_at_trx_commit)", "log {{node}}"),
                Query("max by (node) (mysql_global_variables_sync_binlog)", "binary log {{node}}"),
            ),
            Limits(RED, ((1, GREEN), (2, RED))),
            Kind.NUMBER,
            width=12,
            height=5,
            names=((0, "NO", RED), (1, "yes", GREEN), (2, "NO", RED)),
        ),
    ),
)

MARIADB: Final = Row(
    "MariaDB",
    (
        Panel(
            "Connections in use",
            "Share of max_connections. At 1, new connections are refused.",
            "percentunit",
            (
                Query(
                    "max by (node) (mysql_global_status_threads_connected / mysql_global_variables_max_connections)",
                    "{{node}}",
                ),
            ),
            above(yellow=0.6, red=limit("MariaDBConnectionsNearLimit")),
            maximum=1,
            alert="MariaDBConnectionsNearLimit",
        ),
        Panel(
            "Statements",
            "Statements a second of each machine, and those slower than long_query_time.",
            "ops",
            (rate(f"{STATUS}queries", "all {{node}}"), rate(f"{STATUS}slow_queries", "slow {{node}}")),
            NO_LIMIT,
        ),
        Panel(
            "Commits and rollbacks",
            "Transactions a second. One commit carries many payments when there is load.",
            "ops",
            (rate(f'{STATUS}commands_total{{command=~"commit|rollback"}}', "{{command}} {{node}}", "node, command"),),
            NO_LIMIT,
        ),
        Panel(
            "Waits for row locks",
            "How many sessions wait for a lock, of one second: 1 means that there was always one waiting.",
            "short",
            (Query(f"sum by (node) (rate({STATUS}innodb_row_lock_time{WINDOW})) / 1000", "{{node}}"),),
            above(yellow=1, red=10),
        ),
        Panel(
            "Reads that miss the buffer pool",
            "Share of InnoDB's page reads that went to the disk.",
            "percentunit",
            (
                Query(
                    f"sum by (node) (rate({STATUS}innodb_buffer_pool_reads{WINDOW})) / "
                    f"sum by (node) (rate({STATUS}innodb_buffer_pool_read_requests{WINDOW}))",
                    "{{node}}",
                ),
            ),
            above(yellow=0.01, red=0.1),
        ),
        Panel(
            "Syncs to the disk",
            "fsync calls of InnoDB a second. Commits cannot be more durable, or much faster, than these.",
            "ops",
            (rate(f"{STATUS}innodb_data_fsyncs", "{{node}}"),),
            NO_LIMIT,
        ),
    ),
)

REDIS: Final = Row(
    "Redis",
    (
        Panel(
            "Commands",
            "Commands a second. A money request is one script.",
            "ops",
            (rate("redis_commands_processed_total", "{{node}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Memory in use",
            "Share of maxmemory. Above it Redis throws out what was least used; nothing without a limit.",
            "percentunit",
            (Query("max by (node) (redis_memory_used_bytes / (redis_memory_max_bytes > 0))", "{{node}}"),),
            above(yellow=0.75, red=limit("RedisMemoryNearLimit")),
            maximum=1,
            alert="RedisMemoryNearLimit",
        ),
        Panel(
            "Requests that pass uncounted",
            "Redis did not answer within 50 ms, so the limiter let them pass: it must not stop payments.",
            "reqps",
            (Query(f"sum(rate(rate_limit_fail_open_total{WINDOW}))", "fail open"),),
            above(red=0.1),
        ),
        Panel(
            "Keys",
            "Stored answers and counters; all of them expire.",
            "short",
            (Query("sum by (node) (redis_db_keys)", "{{node}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Thrown out for lack of memory",
            "Keys a second that had to go before their time. Answers are then read from MariaDB.",
            "ops",
            (rate("redis_evicted_keys_total", "{{node}}"),),
            above(red=1),
        ),
        Panel(
            "Clients",
            "Connections of the api's web workers and of the exporter.",
            "short",
            (Query("sum by (node) (redis_connected_clients)", "{{node}}"),),
            NO_LIMIT,
        ),
    ),
)

BOARD: Final = Board(
    "payops-servers",
    "MariaDB & Redis",
    "The database and the cache, as their exporters and their users see them.",
    (NOW, MARIADB, REDIS),
)
