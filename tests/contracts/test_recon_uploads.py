"""Settlement files that wait for housekeeping, on both databases: byte for byte, each once."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

import pytest
from sqlalchemy import Engine, select, update

from payments.platform.desk_errors import DuplicateFile, FileNotTaken
from payments.platform.tables.reconciliation import recon_file, recon_upload
from payments.reconciliation import uploads
from payments.reconciliation.rules import FileState
from tests.contracts.planted_exceptions import THEN

ASCII: Final = bytes(byte % 127 + 1 for byte in range(256))
NOISE: Final = Random(7).randbytes(uploads.LARGEST).replace(b"\0", b"\n")
FILE: Final = b"record,number\r\nend,0\r\n"


def add(engine: Engine, content: bytes = FILE, name: str = "2030-05-17.csv") -> int:
    with engine.begin() as connection:
        return uploads.add(connection, "simulator", name, content, "key:kim", THEN)


def next_upload(engine: Engine) -> uploads.Upload | None:
    with engine.connect() as connection:
        assert uploads.has_upload(connection) == (uploads.next_upload(connection) is not None)
        return uploads.next_upload(connection)


def end(engine: Engine, file_id: int, state: FileState) -> None:
    """As the import does."""
    with engine.begin() as connection:
        values = {"state": state.value, "ended_at": THEN}
        connection.execute(update(recon_file).where(recon_file.c.file_id == file_id).values(values))
        uploads.forget(connection, file_id)


def test_files_wait_in_their_order_and_their_bytes_do_not_stay(engine: Engine) -> None:
    assert next_upload(engine) is None
    first, second = add(engine), add(engine, FILE + b"x", "second")
    assert next_upload(engine) == uploads.Upload(first, "simulator", "2030-05-17.csv", FILE, "key:kim")
    end(engine, first, FileState.DONE)
    assert next_upload(engine) == uploads.Upload(second, "simulator", "second", FILE + b"x", "key:kim")
    end(engine, second, FileState.REFUSED)
    assert next_upload(engine) is None
    with engine.connect() as connection:
        assert connection.execute(select(recon_upload.c.file_id)).all() == []


@pytest.mark.parametrize("state", [FileState.UPLOADED, FileState.READING, FileState.DONE])
def test_the_same_bytes_are_stored_once(engine: Engine, state: FileState) -> None:
    file_id = add(engine)
    with engine.begin() as connection:
        connection.execute(update(recon_file).values(state=state.value))
    with pytest.raises(DuplicateFile, match=f"File {file_id} .* {state}"):
        add(engine, name="another name")


def test_what_was_refused_may_be_sent_again(engine: Engine) -> None:
    end(engine, add(engine), FileState.REFUSED)
    again = add(engine)
    found = next_upload(engine)
    assert found is not None
    assert (found.file_id, found.content) == (again, FILE)


def test_of_the_same_bytes_at_once_one_is_stored(engine: Engine) -> None:
    def attempt(_: int) -> str:
        try:
            add(engine)
        except DuplicateFile:
            return "duplicate"
        return "stored"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["duplicate"] * 3 + ["stored"]


@pytest.mark.parametrize("content", [b"", b"\0", b"record\0number", "record,number".encode("utf-16"), NOISE])
def test_what_is_no_text_is_not_stored(engine: Engine, content: bytes) -> None:
    with pytest.raises(FileNotTaken):
        add(engine, content)
    assert next_upload(engine) is None


@pytest.mark.parametrize(
    "content",
    [
        b"\n" * uploads.LARGEST,
        b"'\\\"\r\n" * (uploads.LARGEST // 5),
        Random(7).randbytes(uploads.LARGEST).translate(ASCII),
        Random(7).randbytes(uploads.LARGEST_PACKED - 10_000).replace(b"\0", b"\n"),
    ],
    ids=["line ends", "what statements escape", "noise in ASCII", "noise"],
)
def test_a_large_file_is_stored_whatever_its_bytes(engine: Engine, content: bytes) -> None:
    add(engine, content)
    found = next_upload(engine)
    assert found is not None
    assert found.content == content
