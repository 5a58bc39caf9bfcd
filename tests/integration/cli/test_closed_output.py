"""A command whose reader has gone, as in `… | head -1`, ends without a trace."""

import os
import subprocess
import sys

import pytest

from payments.cli.pipes import READER_GONE


@pytest.mark.parametrize(
    "command",
    [
        ["payments", "merchants", "list"],
        ["payments", "keys", "list"],
        ["worker", "outbox", "list"],
        ["worker", "audit", "list"],
    ],
    ids=" ".join,
)
def test_nobody_reads(sqlite_url: str, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "DATABASE_URL": sqlite_url}
    done = subprocess.run(
        [sys.executable, "-m", *command], stdout=writer, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (READER_GONE, "")
