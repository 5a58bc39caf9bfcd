"""What is refused before Flask is what `verify` would refuse without a read, and never a key that may be good."""

import pytest

from payments.merchants.key_form import Prefix, new_key
from payments.merchants.lookups import LOOKUP_LIMIT, WINDOW
from payments.merchants.verification import KEPT, Verifier
from payments.platform.errors import ApiKeyInvalid
from tests.unit.merchants.test_verification import HERE, PEPPERS, Database

ELSEWHERE = "203.0.113.8"


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def verifier(database: Database) -> Verifier:
    """One that looks up no more unknown keys for HERE."""
    made = Verifier(PEPPERS, database.read, lambda: database.seconds)
    for _ in range(LOOKUP_LIMIT):
        with pytest.raises(ApiKeyInvalid):
            made.verify(new_key(Prefix.TEST).text, HERE)
    database.reads = 0
    return made


def test_junk_is_wrong_from_everywhere(verifier: Verifier) -> None:
    text = new_key(Prefix.TEST).text
    for wrong in ("", "x", text[:-1], text[:-1] + ("0" if text[-1] != "0" else "1")):
        assert verifier.is_wrong(wrong, ELSEWHERE)


def test_an_unknown_key_is_wrong_where_none_is_looked_up(database: Database, verifier: Verifier) -> None:
    unknown = new_key(Prefix.TEST).text
    assert (verifier.is_wrong(unknown, HERE), verifier.is_wrong(unknown, ELSEWHERE)) == (True, False)
    database.seconds = WINDOW
    assert not verifier.is_wrong(unknown, HERE)
    assert database.reads == 0


def test_a_key_that_was_read_is_never_wrong(database: Database, verifier: Verifier) -> None:
    """Also when it has to be read again, and when its end is known: then `verify` tells why."""
    key = database.add()
    verifier.verify(key.text, ELSEWHERE)
    assert not verifier.is_wrong(key.text, HERE)
    database.seconds = KEPT - 1
    verifier.set_epoch(1)
    assert not verifier.is_wrong(key.text, HERE)
    assert verifier.verify(key.text, HERE).key.key_id == key.key_id


def test_another_secret_of_a_known_key_is_wrong_without_a_read(database: Database, verifier: Verifier) -> None:
    key = database.add()
    verifier.verify(key.text, ELSEWHERE)
    wanted = iter(key.key_id)
    forged = new_key(Prefix.TEST, lambda letters: next(wanted, letters[-1])).text
    reads = database.reads
    assert verifier.is_wrong(forged, ELSEWHERE)
    assert database.reads == reads
