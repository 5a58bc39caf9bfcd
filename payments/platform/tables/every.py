"""Every table of `paydb`, for SQLAlchemy Core: `metadata` with all of them. Migrations create them; this room does not.

Text compares byte by byte on both engines: utf8mb4_nopad_bin on MariaDB, BINARY on SQLite. Times are UTC.
"""

from payments.platform.tables import (  # noqa: F401  (for `metadata`)
    acquirer,
    breaker,
    dead_letters,
    events,
    housekeeping,
    ledger,
    merchants,
    payments,
    processes,
    reconciliation,
    settlement,
)
from payments.platform.tables.metadata import metadata as metadata
