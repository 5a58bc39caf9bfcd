"""A large settlement file of an acquirer, and a database that has the operations of its lines. Measures nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from payments.migrations import migrate
from payments.platform.database import create_engine

AMOUNT: Final = 10_000
FEE: Final = 160
"""Minor units of USD, and the fee of the simulator."""
DIFFERENT: Final = 1000
"""Of so many lines one has another fee."""
DAY: Final = "2025-05-17"
NAME: Final = "bench_reconciliation"
_HEADER: Final = "record,number,reference,id,kind,authorization,at,currency,gross,fee,net\r\n"
_OPERATIONS: Final = text(
    "INSERT INTO acquirer_operation (payment_id, connector, kind, amount, currency, reference, state,"
    " acquirer_reference, merchant_id, request_id, headers, created_at, sent_at, decided_at, enquiries)"
    " SELECT seq, 'simulator', 'capture', :amount, 'USD', CONCAT('00-', seq, '-capture-1'), 'APPROVED',"
    " CONCAT('op_', LEFT(MD5(seq), 24)), 'M1', 'r', '{}', :at, :at, :at + INTERVAL seq MICROSECOND, 0"
    " FROM seq_1_to_1000000 WHERE seq BETWEEN :first AND :last"
)
_CHUNK: Final = 50_000


def prepare(url: str, file: Path, lines: int) -> None:
    """A migrated database with operations, and the acquirer's file about them. At most a million."""
    migrate(url)
    engine = create_engine(url, pool_size=1, timeout=60)
    for first in range(1, lines + 1, _CHUNK):
        values = {"amount": AMOUNT, "at": f"{DAY} 12:00:00", "first": first, "last": min(first + _CHUNK - 1, lines)}
        with engine.begin() as connection:
            connection.execute(_OPERATIONS, values)
    engine.dispose()
    with file.open("w", encoding="ascii", newline="") as out:
        out.writelines(_text(lines))


def _text(lines: int) -> Iterator[str]:
    yield _HEADER
    fees = 0
    for number in range(1, lines + 1):
        fee = FEE + (number % DIFFERENT == 0)
        fees += fee
        named = f"00-{number}-capture-1,op_{number:024x},capture,00-{number}-authorization-1,{DAY}T12:00:00.000000Z"
        yield f"movement,{number},{named},USD,{AMOUNT},{fee},{AMOUNT - fee}\r\n"
    yield f"total,{lines},,,,,,USD,{AMOUNT * lines},{fees},{AMOUNT * lines - fees}\r\n"
    yield f"end,{lines},,,,,{DAY},,,,\r\n"


@contextmanager
def database(engine: Engine) -> Iterator[str]:
    """An empty database beside that of `engine`; dropped afterwards."""
    statements = (
        f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        f"DROP DATABASE {NAME}",
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statements[0])
    try:
        yield engine.url.set(database=NAME).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(statements[1])
