"""A key whose pepper was taken out is refused, and the log says why: its holder cannot know."""

import logging

import pytest

from payments.merchants.hashing import Peppers
from payments.merchants.verification import KEPT, Verifier
from payments.platform.errors import ApiKeyInvalid
from tests.unit.merchants.test_verification import HERE, PEPPERS, Database


def test_a_key_whose_pepper_is_gone_is_refused_and_logged_once_for_each_read(caplog: pytest.LogCaptureFixture) -> None:
    database = Database()
    key = database.add()
    verifier = Verifier(Peppers([(2, b"q" * 32)]), database.read, lambda: database.seconds)
    for _ in range(3):
        with pytest.raises(ApiKeyInvalid):
            verifier.verify(key.text, HERE)
    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.WARNING, "key_pepper_unknown")
    assert (vars(record)["key_id"], vars(record)["pepper"]) == (key.key_id, 1)
    assert key.text.split("_")[3] not in str(vars(record))
    database.seconds = KEPT
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(key.text, HERE)
    assert len(caplog.records) == 2


def test_a_key_whose_pepper_is_there_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    database = Database()
    key = database.add()
    verifier = Verifier(Peppers([*PEPPERS.values, (2, b"q" * 32)]), database.read, lambda: database.seconds)
    assert verifier.verify(key.text, HERE).key.key_id == key.key_id
    assert caplog.records == []
