"""The simulator's SQLite file: its tables and how it is opened. A commit is on disk before it returns."""

import sqlite3
from pathlib import Path
from typing import Final

from psp.cards import FIXED_TOKENS

VERSION: Final = 1
_SCHEMA: Final = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS simulator (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  clock_offset INTEGER NOT NULL DEFAULT 0,
  frozen_at INTEGER,
  floor INTEGER NOT NULL DEFAULT 0,
  seed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS operation (
  reference TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT,
  digest TEXT,
  state TEXT NOT NULL CHECK (state IN ('PROCESSING', 'APPROVED', 'DECLINED', 'CANCELLED')),
  amount INTEGER,
  currency TEXT,
  token TEXT,
  authorization TEXT,
  decline_code TEXT CHECK ((state = 'DECLINED') = (decline_code IS NOT NULL)),
  received_at INTEGER NOT NULL,
  decided_at INTEGER CHECK ((state = 'PROCESSING') = (decided_at IS NULL)),
  due_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS operation_due ON operation (due_at) WHERE state = 'PROCESSING';
CREATE TABLE IF NOT EXISTS authorization (
  reference TEXT PRIMARY KEY REFERENCES operation (reference),
  currency TEXT NOT NULL,
  authorized INTEGER NOT NULL CHECK (authorized > 0),
  captured INTEGER NOT NULL DEFAULT 0,
  refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= captured),
  released INTEGER NOT NULL DEFAULT 0 CHECK (released >= 0),
  CHECK (captured >= 0 AND captured + released <= authorized)
) STRICT;
CREATE TABLE IF NOT EXISTS movement (
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE REFERENCES operation (reference),
  day TEXT NOT NULL,
  gross INTEGER NOT NULL,
  fee INTEGER NOT NULL,
  net INTEGER NOT NULL CHECK (net = gross - fee)
) STRICT;
CREATE INDEX IF NOT EXISTS movement_day ON movement (day, id);
CREATE TABLE IF NOT EXISTS event (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'GIVEN_UP')),
  copies INTEGER NOT NULL DEFAULT 1,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL DEFAULT 0,
  last_answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS event_due ON event (due_at) WHERE state = 'PENDING';
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT,
  request TEXT,
  fault TEXT,
  outcome TEXT,
  status INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS journal_reference ON journal (reference, kind);
CREATE TABLE IF NOT EXISTS fault (
  position INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  remaining INTEGER CHECK (remaining >= 0),
  hits INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO simulator (id) VALUES (1) ON CONFLICT DO NOTHING;
PRAGMA user_version = 1;
COMMIT;
"""


class UnusableFile(Exception):
    """The file cannot be opened, or it is not the simulator's; the text is a sentence."""


def connect(file: str | Path) -> sqlite3.Connection:
    """Open the file and make what is missing. One thread at a time may use it. Raises UnusableFile."""
    try:
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10.0)
        connection.row_factory = sqlite3.Row
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise UnusableFile(f"{file} was made by another version of the simulator ({version}, not {VERSION})")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a promised movement survives kill -9, and a power cut
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(_SCHEMA)
        connection.executemany(
            "INSERT INTO token (token, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", FIXED_TOKENS.items()
        )
    except sqlite3.Error as error:
        raise UnusableFile(f"{file} cannot be used as a database: {error}") from error
    return connection


def reader(file: str | Path) -> sqlite3.Connection:
    """A connection that changes nothing, beside the one of `connect`."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10.0)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    return connection
