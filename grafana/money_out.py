"""Money out: batches on their way to the bank, exceptions of reconciliation, and what nothing explains."""

from typing import Final

from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, Kind, Limits, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"
# each housekeeping shows the same tables
OVERDUE: Final = "max(settlement_overdue_seconds)"
UNPAID: Final = "max(settlement_oldest_unpaid_age_seconds)"
UNCONFIRMED: Final = "max(payouts_unconfirmed_oldest_age_seconds)"
OLDEST: Final = "max(reconciliation_oldest_exception_age_seconds)"
FILE: Final = "max(reconciliation_file_age_seconds)"
HOUR: Final = 3600
NOTHING_BUT_0: Final = Limits(RED, ((0, GREEN), (first_count("SuspenseNotZero"), RED)))

NOW: Final = Row(
    "Now",
    (
        Panel(
            "Oldest open cut-off",
            "Since the end of the oldest day of a merchant whose batch is not closed; 0 when all are.",
            "s",
            (Query(OVERDUE, "age"),),
            above(yellow=HOUR, red=limit("SettlementLate")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="SettlementLate",
        ),
        Panel(
            "Open exceptions",
            "Differences between acquirers' files and our operations that wait for an operator.",
            "short",
            (Query("sum(max by (class) (reconciliation_exceptions))", "exceptions"),),
            above(red=1),
            Kind.NUMBER,
            width=6,
            height=5,
        ),
        Panel(
            "Suspense",
            "Minor units by currency that acquirers paid (above 0) or kept (below), unexplained. The alert fires on "
            "both.",
            "short",
            (Query("max by (currency) (reconciliation_suspense) or on () vector(0)", "{{currency}}"),),
            NOTHING_BUT_0,
            Kind.NUMBER,
            width=6,
            height=5,
            alert="SuspenseNotZero",
        ),
        Panel(
            "Newest settlement file",
            "Since the end of the last day whose file is read. Within a day it grows to 24.5 hours.",
            "s",
            (Query(FILE, "age"),),
            above(yellow=26 * HOUR, red=limit("SettlementFileLate")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="SettlementFileLate",
        ),
    ),
)

SETTLEMENT: Final = Row(
    "Settlement and payouts",
    (
        Panel(
            "Batches that are not ended",
            "Open ones take items, closed ones wait for approval, approved ones for a payout file, exported ones for "
            "the bank. Held: the closed and approved ones whose merchant is suspended.",
            "short",
            (
                Query("max by (state) (settlement_batches)", "{{state}}"),
                Query("max(settlement_batches_held)", "held"),
            ),
            NO_LIMIT,
        ),
        Panel(
            "Oldest batch without a payout file",
            "Since it was closed. An operator approves it, two above the limit, and exports it. A held one is not "
            "counted.",
            "s",
            (Query(UNPAID, "age"),),
            above(yellow=12 * HOUR, red=limit("PayoutsNotApproved")),
            alert="PayoutsNotApproved",
        ),
        Panel(
            "Oldest payout that is not confirmed",
            "Since it was exported. An operator says what the bank did with it.",
            "s",
            (Query(UNCONFIRMED, "age"),),
            above(yellow=2 * 24 * HOUR, red=limit("PayoutsNotConfirmed")),
            alert="PayoutsNotConfirmed",
        ),
        Panel(
            "Items settled",
            "Captures, refunds and adjustments a second that came into a batch; at merchants' midnights.",
            "ops",
            (Query(f"sum(rate(settlement_items_total{WINDOW}))", "items"),),
            NO_LIMIT,
            width=12,
        ),
        Panel(
            "Cut-offs that are not closed",
            "The age of the oldest. It is 0 but for the quarter of an hour after a merchant's midnight.",
            "s",
            (Query(OVERDUE, "age"),),
            above(yellow=HOUR, red=limit("SettlementLate")),
            width=12,
            alert="SettlementLate",
        ),
    ),
)

RECONCILIATION: Final = Row(
    "Reconciliation",
    (
        Panel(
            "Open exceptions by class",
            "What is wrong about a line of a file, or about an operation that no file has.",
            "short",
            (Query("max by (class) (reconciliation_exceptions)", "{{class}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Oldest open exception",
            "For how long it waits for an operator, who resolves it or writes it off.",
            "s",
            (Query(OLDEST, "age"),),
            above(yellow=12 * HOUR, red=limit("ReconciliationExceptionsOld")),
            alert="ReconciliationExceptionsOld",
        ),
        Panel(
            "Lines read",
            "Lines of settlement files a second by what came of them, while a file is read.",
            "ops",
            (Query(f"sum by (outcome) (rate(reconciliation_lines_total{WINDOW}))", "{{outcome}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Unexplained money",
            "Suspense over time, in minor units: it returns to 0 when the exceptions are ended.",
            "short",
            (Query("max by (currency) (reconciliation_suspense) or on () vector(0)", "{{currency}}"),),
            NO_LIMIT,
            width=12,
            least=None,
        ),
        Panel(
            "Age of the newest file",
            "A saw: it falls when a day's file is read.",
            "s",
            (Query(FILE, "age"),),
            above(yellow=26 * HOUR, red=limit("SettlementFileLate")),
            width=12,
            alert="SettlementFileLate",
        ),
    ),
)

BOARD: Final = Board(
    "payops-money-out",
    "Money out",
    "Batches on their way to the bank, payouts, settlement files of the acquirer, and differences that are open.",
    (NOW, SETTLEMENT, RECONCILIATION),
)
