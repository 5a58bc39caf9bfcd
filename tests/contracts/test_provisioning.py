"""Merchants and keys that an installation's files name, on both databases: stored once, or refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select, update

from payments.merchants import provisioning, service, store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import SECRET_LENGTH, Prefix, new_key
from payments.merchants.new_key import NewKey
from payments.merchants.rules import Mode, Scope
from payments.platform.clock import database_now
from payments.platform.errors import ApiKeyConflict, MerchantExists, PaymentsError
from payments.platform.tables.merchants import api_key
from payments.platform.tables.processes import operator_action

PEPPERS = Peppers([(1, b"p" * 32)])


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """In a transaction that has the test merchant M1."""
    with engine.begin() as found:
        assert provisioning.ensure_merchant(found, "M1", "A shop", Mode.TEST, "cli:me")[1]
        yield found


def test_a_merchant_that_is_there_is_left_as_it_is(connection: Connection) -> None:
    before = store.epoch(connection)
    found, changed = provisioning.ensure_merchant(connection, "M1", "Another name", Mode.TEST, "cli:me")
    assert (found.name, changed, store.epoch(connection)) == ("A shop", False, before)
    with pytest.raises(MerchantExists, match="not LIVE"):
        provisioning.ensure_merchant(connection, "M1", "A shop", Mode.LIVE, "cli:me")
    assert provisioning.ensure_merchant(connection, "M2", "New", Mode.LIVE, "cli:me")[1]


def test_an_imported_key_is_stored_once_without_its_text(connection: Connection) -> None:
    text, new = new_key(Prefix.TEST), NewKey("M1", "shop", (Scope.PAYMENTS_READ,))
    key, changed = provisioning.import_key(connection, PEPPERS, text, new, "cli:me")
    assert changed
    stored = store.get_key(connection, text.key_id)
    assert stored is not None
    assert (stored.key, stored.key.name, stored.key.scopes) == (key, "shop", {Scope.PAYMENTS_READ})
    assert PEPPERS.matches(text.text, stored.hash, stored.pepper_no)
    before = store.epoch(connection)
    assert provisioning.import_key(connection, PEPPERS, text, new, "cli:me") == (key, False)
    assert provisioning.import_key(connection, PEPPERS, text, NewKey("M1", "renamed"), "cli:me") == (key, False)
    assert store.epoch(connection) == before, "no change, no epoch"
    noted = connection.execute(select(operator_action.c.action, operator_action.c.target)).all()
    assert [tuple(row) for row in noted][1:] == [("key.import", f"key {text.key_id}")]


@pytest.mark.parametrize(
    ("prefix", "new", "refused"),
    [
        (Prefix.OPERATOR, NewKey("M1", "x"), "another kind"),
        (Prefix.LIVE, NewKey("M1", "x"), "another kind"),
        (Prefix.TEST, NewKey(None, "x"), "another kind"),
        (Prefix.TEST, NewKey("M2", "x"), "There is no merchant M2"),
        (Prefix.TEST, NewKey("M1", "x", (Scope.OPERATE,)), "not for a key of this kind"),
    ],
)
def test_a_key_of_another_kind_is_not_imported(
    connection: Connection, prefix: Prefix, new: NewKey, refused: str
) -> None:
    with pytest.raises(PaymentsError, match=refused):
        provisioning.import_key(connection, PEPPERS, new_key(prefix), new, "cli:me")
    assert store.keys(connection, None, "", 10) == []


def test_a_key_of_somebody_else_is_not_imported(connection: Connection) -> None:
    service.create_merchant(connection, "M2", "Another", Mode.TEST, "cli:me")
    text = new_key(Prefix.TEST)
    provisioning.import_key(connection, PEPPERS, text, NewKey("M1", "x", (Scope.PAYMENTS_READ,)), "cli:me")
    with pytest.raises(ApiKeyConflict, match="not of merchant M2"):
        provisioning.import_key(connection, PEPPERS, text, NewKey("M2", "x"), "cli:me")
    with pytest.raises(ApiKeyConflict, match="other scopes: payments:read"):
        provisioning.import_key(connection, PEPPERS, text, NewKey("M1", "x", (Scope.REFUNDS_WRITE,)), "cli:me")
    with pytest.raises(ApiKeyConflict, match="pepper that is not set"):
        provisioning.import_key(connection, Peppers([(2, b"q" * 32)]), text, NewKey("M1", "x"), "cli:me")


def test_a_key_with_the_id_of_another_is_not_imported(connection: Connection) -> None:
    own, _ = service.create_key(connection, PEPPERS, NewKey("M1", "x"), "cli:me")
    secrets = iter(own.key_id + "0" * SECRET_LENGTH)
    forged = new_key(Prefix.TEST, lambda _: next(secrets))
    with pytest.raises(ApiKeyConflict, match="another secret"):
        provisioning.import_key(connection, PEPPERS, forged, NewKey("M1", "x"), "cli:me")


def test_a_key_that_has_ended_is_not_imported_again(connection: Connection) -> None:
    new = NewKey("M1", "x")
    text, replaced = new_key(Prefix.TEST), new_key(Prefix.TEST)
    for one in (text, replaced):
        provisioning.import_key(connection, PEPPERS, one, new, "cli:me")
    service.revoke(connection, text.key_id, "leaked", "cli:me")
    with pytest.raises(ApiKeyConflict, match="is REVOKED"):
        provisioning.import_key(connection, PEPPERS, text, new, "cli:me")
    service.rotate(connection, PEPPERS, replaced.key_id, timedelta(hours=1), "cli:me")
    assert not provisioning.import_key(connection, PEPPERS, replaced, new, "cli:me")[1], "it goes on for the overlap"
    connection.execute(update(api_key).values(expires_at=database_now(connection)))
    with pytest.raises(ApiKeyConflict, match="is EXPIRED"):
        provisioning.import_key(connection, PEPPERS, replaced, new, "cli:me")


def test_of_imports_at_once_one_stores_the_key(engine: Engine) -> None:
    text = new_key(Prefix.TEST)

    def import_(_: int) -> tuple[bool, bool]:
        with engine.begin() as connection:
            made_merchant = provisioning.ensure_merchant(connection, "M1", "A shop", Mode.TEST, "cli:me")[1]
            return made_merchant, provisioning.import_key(connection, PEPPERS, text, NewKey("M1", "x"), "cli:me")[1]

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(import_, range(4)))
    assert outcomes == [(False, False)] * 3 + [(True, True)]
