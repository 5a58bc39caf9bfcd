"""Settlement files that were sent over HTTP, kept until housekeeping reads them. Nothing of them counts before that.

Their bytes are compressed: in a statement each takes two, and MariaDB's default packet has 16 MiB.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from payments.platform.desk_errors import DuplicateFile, FileNotTaken
from payments.platform.operators import note_action
from payments.platform.tables.reconciliation import recon_file, recon_upload
from payments.reconciliation import store
from payments.reconciliation.rules import FileState
from payments.reconciliation.store import StoredFile

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of an upload: some 60,000 movements of the simulator's length. Larger files are imported at a terminal."""
LARGEST_PACKED: Final = LARGEST - LARGEST // 16
"""Bytes of a compressed upload, which twice are a packet with room to spare. ASCII never has more, whatever it says."""
LONGEST_NAME: Final = 128
_FASTEST: Final = 1
"""zlib's level: 54 ms for the largest file, which becomes a third of it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits."""

    file_id: int
    connector: str
    name: str
    content: bytes
    created_by: str


def add(connection: Connection, connector: str, name: str, content: bytes, actor: str, now: datetime) -> int:
    """Keep a file, in the caller's transaction; returns its id. `content`: at most LARGEST bytes.

    Raises FileNotTaken for what is no text, and DuplicateFile for bytes that are stored, unless they were refused.
    """
    packed = zlib.compress(content, _FASTEST)
    if not content or b"\0" in content or len(packed) > LARGEST_PACKED:
        raise FileNotTaken(
            "It is empty, or no text: send the acquirer's CSV file as it is, neither packed nor encoded."
        )
    digest = sha256(content).hexdigest()
    same = store.with_digest(connection, digest)
    if same is None:
        file_id = _insert(connection, connector, name, digest, actor, now)
    else:
        file_id = same.file_id
        _again(connection, same, connector, name, actor, now)
    connection.execute(insert(recon_upload), {"file_id": file_id, "content": packed})
    note_action(connection, actor, "reconciliation.upload", f"file {file_id}", f"{name}, SHA-256 {digest}")
    return file_id


def _insert(connection: Connection, connector: str, name: str, digest: str, actor: str, now: datetime) -> int:
    values = {
        "sha256": digest,
        "connector": connector,
        "name": name,
        "state": FileState.UPLOADED.value,
        "line_count": 0,
        "matched": 0,
        "exceptions": 0,
        "created_by": actor,
        "created_at": now,
    }
    try:
        with connection.begin_nested():
            found: int = connection.execute(insert(recon_file).values(values)).inserted_primary_key[0]  # type: ignore[index]
            return found
    except IntegrityError as error:
        raise DuplicateFile("A file with the same bytes was just stored.") from error


def _again(connection: Connection, same: StoredFile, connector: str, name: str, actor: str, now: datetime) -> None:
    """Let a refused file wait once more: nothing of it was kept, and it may be right now."""
    values = {
        "connector": connector,
        "name": name,
        "state": FileState.UPLOADED.value,
        "faults": None,
        "created_by": actor,
        "created_at": now,
        "ended_at": None,
    }
    if not store.change(connection, same.file_id, FileState.REFUSED, **values):
        raise DuplicateFile(f"File {same.file_id} has the same bytes, and is {same.state}.")


def has_upload(connection: Connection) -> bool:
    """Whether a file waits."""
    query = select(recon_file.c.file_id).where(recon_file.c.state == FileState.UPLOADED.value).limit(1)
    return connection.execute(query).first() is not None


def next_upload(connection: Connection, last: int = 0) -> Upload | None:
    """The file that has waited longest of those with ids above `last`, or None.

    Nobody else is kept from it: the one who reads has a lease.
    """
    query = (
        select(recon_file, recon_upload.c.content)
        .join(recon_upload, recon_upload.c.file_id == recon_file.c.file_id)
        .where(recon_file.c.state == FileState.UPLOADED.value, recon_file.c.file_id > last)
        .order_by(recon_file.c.file_id)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Upload(row.file_id, row.connector, row.name, zlib.decompress(row.content), row.created_by)


def forget(connection: Connection, file_id: int) -> None:
    """Delete the bytes of a file that is read."""
    connection.execute(delete(recon_upload).where(recon_upload.c.file_id == file_id))
