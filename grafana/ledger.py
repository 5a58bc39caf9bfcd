"""Ledger & dead letters: postings, dead letters, and whether payments and postings agree."""

from typing import Final

from grafana import events
from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, Kind, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"

NOW: Final = Row(
    "Now",
    (
        Panel(
            "Ledger",
            "Halted: so many messages in a row could not be posted that an operator must decide.",
            "none",
            (Query("max(ledger_halted)", "ledger"),),
            above(red=limit("LedgerHalted")),
            Kind.NUMBER,
            width=6,
            height=5,
            names=((0, "posting", GREEN), (1, "HALTED", RED)),
            alert="LedgerHalted",
        ),
        Panel(
            "Dead letters open",
            "Messages that could not be posted and were not replayed or discarded.",
            "short",
            (Query("max(dead_letters_open)", "open"),),
            above(red=first_count("DeadLettersOpen")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="DeadLettersOpen",
        ),
        Panel(
            "Differences of the audit",
            "Payments and postings that do not agree. Anything but 0 means that money may be wrong.",
            "short",
            (Query("sum(max by (kind) (audit_differences))", "differences"),),
            above(red=first_count("AuditDifferences")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="AuditDifferences",
        ),
        Panel(
            "Under way at the last audit",
            "Events that were committed and not posted yet when the last audit ran; they are no differences.",
            "short",
            (Query("max(audit_in_flight)", "in flight"),),
            NO_LIMIT,
            Kind.NUMBER,
            width=6,
            height=5,
        ),
    ),
)

POSTING: Final = Row(
    "Posting",
    (
        Panel(
            "Messages by outcome",
            "Posted; repeated (Kafka delivers at least once: dropped by their id); dead letter.",
            "ops",
            (Query(f"sum by (outcome) (rate(ledger_events_total{WINDOW}))", "{{outcome}}"),),
            NO_LIMIT,
        ),
        events.POSTED_AFTER,
        events.BEHIND,
    ),
)

DEAD_LETTERS: Final = Row(
    "Dead letters",
    (
        Panel(
            "New dead letters by cause",
            f"In the last five minutes. More than {limit('DeadLettersPour'):g} in all, and a page fires: a writer "
            "sends rubbish, or a release reads wrongly.",
            "short",
            (Query("sum by (error_type) (increase(dead_letters_total[5m]))", "{{error_type}}"),),
            above(yellow=1, red=limit("DeadLettersPour")),
            width=12,
            alert="DeadLettersPour",
        ),
        Panel(
            "New dead letters by topic",
            "In the last five minutes, by the topic that they came from.",
            "short",
            (Query("sum by (topic) (increase(dead_letters_total[5m]))", "{{topic}}"),),
            above(yellow=1, red=limit("DeadLettersPour")),
            width=12,
            alert="DeadLettersPour",
        ),
        Panel(
            "Dead letters open over time",
            "Waiting for a replay or a discard; they wait for ever.",
            "short",
            (Query("max(dead_letters_open)", "open"),),
            above(red=first_count("DeadLettersOpen")),
            width=12,
            alert="DeadLettersOpen",
        ),
        Panel(
            "Differences of the audit by kind",
            "Findings of audits that no check has cleared: ledger, outbox, answers, orphan_posting, stuck, acquirer, "
            "settlement, reconciliation.",
            "short",
            (Query("max by (kind) (audit_differences)", "{{kind}}"),),
            above(red=first_count("AuditDifferences")),
            width=12,
            alert="AuditDifferences",
        ),
    ),
)

LEASES: Final = Row(
    "Who works",
    (
        Panel(
            "Age of the leases",
            "Seconds since relay, ledger and housekeeping last renewed theirs. A relay's lasts 10 s; then another "
            "takes over.",
            "s",
            (Query("max by (name) (lease_age_seconds)", "{{name}}"),),
            above(yellow=10, red=limit("RelayStale")),
            width=24,
            alert="RelayStale",
        ),
    ),
)

HOUSEKEEPING: Final = Row(
    "Housekeeping",
    (
        Panel(
            "Since a task last succeeded",
            "By task; each should succeed once in its interval. After three intervals an alert fires. It goes on while "
            "the database cannot be read.",
            "s",
            (Query("max by (task) (time() - housekeeping_task_last_success_timestamp_seconds)", "{{task}}"),),
            above(yellow=60, red=180),  # for tasks that are due each minute; others have other intervals
            alert="HousekeepingTaskOverdue",
        ),
        Panel(
            "How long a task takes",
            "Mean of the runs, also of those that failed. Pruning rests four times as long as it works.",
            "s",
            (
                Query(
                    f"sum by (task) (rate(housekeeping_task_duration_seconds_sum{WINDOW})) / "
                    f"sum by (task) (rate(housekeeping_task_duration_seconds_count{WINDOW}))",
                    "{{task}}",
                ),
            ),
            NO_LIMIT,
        ),
        Panel(
            "The database's clock",
            "How far it is ahead of the clock of housekeeping's machine. Off by five minutes, or after a jump: nothing "
            "expires and nothing is pruned.",
            "s",
            (Query("max(database_clock_offset_seconds)", "ahead by"),),
            NO_LIMIT,
        ),
        Panel(
            "May that clock be believed?",
            "While it may not, expiry, pruning, retries and self-repair stand still.",
            "none",
            (Query("max(clock_suspect)", "clock"),),
            above(red=limit("ClockSuspect")),
            Kind.NUMBER,
            names=((0, "believed", GREEN), (1, "SUSPECT", RED)),
            alert="ClockSuspect",
        ),
        Panel(
            "Published again",
            "Events that Kafka had lost, in the last ten minutes; housekeeping has handed them to the relay once more.",
            "short",
            (Query("sum(increase(events_republished_total[10m]))", "events"),),
            above(red=first_count("EventsRepublished")),
            alert="EventsRepublished",
        ),
    ),
)

BOARD: Final = Board(
    "payops-ledger",
    "Ledger & dead letters",
    "What the ledger posts, what it cannot post, and what the audit finds.",
    (NOW, POSTING, DEAD_LETTERS, LEASES, HOUSEKEEPING),
)
