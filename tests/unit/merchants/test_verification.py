"""A process' knowledge of keys: read once, forgotten with the epoch and after a minute, and never a way around."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from payments.merchants import lookups, verification
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import KeyText, Prefix, new_key
from payments.merchants.lookups import LOOKUP_LIMIT, WINDOW
from payments.merchants.rules import ApiKey, KeyKind, MerchantState, Mode, Scope, networks
from payments.merchants.store import Merchant, StoredKey
from payments.merchants.verification import KEPT, Reading, Verifier
from payments.platform.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    MerchantSuspended,
    NetworkNotAllowed,
    NotAdmitted,
    ServiceUnavailable,
    TooManyWrongKeys,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PEPPERS = Peppers([(1, b"p" * 32)])
HERE = "203.0.113.7"
MERCHANT = Merchant("M1", "A shop", Mode.TEST, "00", MerchantState.ACTIVE, NOW)


@dataclass
class Database:
    """The keys as a table, with a clock; `down` refuses to answer."""

    rows: dict[str, StoredKey] = field(default_factory=dict)
    seconds: float = 0.0
    reads: int = 0
    down: bool = False

    def add(self, **changes: object) -> KeyText:
        text = new_key(Prefix.TEST)
        scopes = frozenset({Scope.PAYMENTS_WRITE})
        key = ApiKey(text.key_id, KeyKind.MERCHANT, "M1", "shop", text.last, scopes, (), NOW)
        self.rows[text.key_id] = StoredKey(replace(key, **changes), *PEPPERS.hash(text), MERCHANT)  # type: ignore[arg-type]
        return text

    def read(self, key_id: str) -> Reading:
        self.reads += 1
        if self.down:
            raise ServiceUnavailable("The database does not answer.")
        return Reading(self.rows.get(key_id), NOW + timedelta(seconds=self.seconds))

    def change(self, key_id: str, **changes: object) -> None:
        stored = self.rows[key_id]
        self.rows[key_id] = replace(stored, key=replace(stored.key, **changes))  # type: ignore[arg-type]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def verifier(database: Database) -> Verifier:
    return Verifier(PEPPERS, database.read, lambda: database.seconds)


def test_a_key_is_read_once_in_a_minute(database: Database, verifier: Verifier) -> None:
    key = database.add()
    for _ in range(5):
        assert verifier.verify(key.text, HERE).merchant == MERCHANT
    assert database.reads == 1
    database.seconds = KEPT
    verifier.verify(key.text, HERE)
    assert database.reads == 2


def test_each_change_of_one_character_is_refused_without_a_read(database: Database, verifier: Verifier) -> None:
    text = database.add().text
    for place, character in enumerate(text):
        for other in {"0", "A", "z", "_", "é"} - {character}:
            with pytest.raises(ApiKeyInvalid):
                verifier.verify(text[:place] + other + text[place + 1 :], HERE)
    assert database.reads == 0


def test_another_secret_of_a_known_key_is_refused(database: Database, verifier: Verifier) -> None:
    """A comparison by prefix would let it in: cell and id are public."""
    key = database.add()
    verifier.verify(key.text, HERE)
    forged = new_key(Prefix.TEST, _choosing(key.key_id))
    assert forged.key_id == key.key_id
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(forged.text, HERE)


def _choosing(key_id: str) -> Callable[[str], str]:
    """Makes a key with this id and some secret."""
    wanted = iter(key_id)
    return lambda letters: next(wanted, letters[-1])


def test_a_revoked_key_works_no_more_when_the_epoch_moves(database: Database, verifier: Verifier) -> None:
    key = database.add()
    verifier.set_epoch(7)
    verifier.verify(key.text, HERE)
    database.change(key.key_id, revoked_at=NOW)
    verifier.verify(key.text, HERE)  # not yet known here
    verifier.set_epoch(8)
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(key.text, HERE)


def test_a_read_that_a_revocation_overtakes_is_not_kept(database: Database) -> None:
    """The row is read, then the key is revoked and the new epoch is seen, then the read ends."""
    key = database.add()

    def read(key_id: str) -> Reading:
        reading = database.read(key_id)
        if database.reads == 1:
            database.change(key_id, revoked_at=NOW)
            own.set_epoch(2)
        return reading

    own = Verifier(PEPPERS, read, lambda: database.seconds)
    own.set_epoch(1)
    own.verify(key.text, HERE)
    with pytest.raises(ApiKeyInvalid):
        own.verify(key.text, HERE)


def test_a_planted_cache_that_ignores_the_epoch_is_noticed(
    database: Database, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Verifier, "set_epoch", lambda *_: None)
    with pytest.raises(pytest.fail.Exception):
        test_a_revoked_key_works_no_more_when_the_epoch_moves(database, verifier)


def test_unknown_keys_of_one_address_are_read_so_many_times(database: Database, verifier: Verifier) -> None:
    known, right = database.add(), database.add()
    verifier.verify(known.text, HERE)
    before = database.reads
    for number in range(LOOKUP_LIMIT + 40):
        with pytest.raises(ApiKeyInvalid if number < LOOKUP_LIMIT else TooManyWrongKeys):
            verifier.verify(new_key(Prefix.TEST).text, HERE)
    assert database.reads == before + LOOKUP_LIMIT
    with pytest.raises(TooManyWrongKeys):
        verifier.verify(right.text, HERE)
    verifier.verify(right.text, "203.0.113.8")
    verifier.set_epoch(8)
    for key in (known, right):
        verifier.verify(key.text, HERE)
    database.seconds = WINDOW
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(new_key(Prefix.TEST).text, HERE)


def test_right_keys_and_outages_spend_no_lookups(database: Database, verifier: Verifier) -> None:
    for _ in range(LOOKUP_LIMIT + 1):
        verifier.verify(database.add().text, HERE)
    database.down = True
    for _ in range(LOOKUP_LIMIT + 1):
        with pytest.raises(ServiceUnavailable):
            verifier.verify(new_key(Prefix.TEST).text, HERE)
    database.down = False
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(new_key(Prefix.TEST).text, HERE)


def test_addresses_are_forgotten_when_there_are_too_many(
    database: Database, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "ADDRESS_LIMIT", 2)
    for address in ("a", "b", "c"):
        for _ in range(LOOKUP_LIMIT):
            with pytest.raises(ApiKeyInvalid):
                verifier.verify(new_key(Prefix.TEST).text, address)
    for address, refusal in (("b", TooManyWrongKeys), ("c", TooManyWrongKeys), ("a", ApiKeyInvalid)):
        with pytest.raises(refusal):
            verifier.verify(new_key(Prefix.TEST).text, address)


def test_without_the_database_known_keys_go_on_for_a_minute(database: Database, verifier: Verifier) -> None:
    key, other = database.add(), database.add()
    verifier.verify(key.text, HERE)
    database.down = True
    database.seconds = KEPT - 0.001
    verifier.verify(key.text, HERE)
    for unknown in (other, new_key(Prefix.LIVE)):
        with pytest.raises(ServiceUnavailable):
            verifier.verify(unknown.text, HERE)
    database.seconds = KEPT
    with pytest.raises(ServiceUnavailable):
        verifier.verify(key.text, HERE)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"expires_at": NOW + timedelta(seconds=10)}, ApiKeyExpired),
        ({"revoked_at": NOW, "expires_at": NOW}, ApiKeyInvalid),
        ({"allowed_networks": networks(["10.0.0.0/8"])}, NetworkNotAllowed),
    ],
)
def test_a_key_that_may_not_be_used(
    database: Database, verifier: Verifier, changes: dict[str, object], refusal: type[NotAdmitted]
) -> None:
    key = database.add(**changes)
    database.seconds = 9.0
    if refusal is ApiKeyExpired:
        verifier.verify(key.text, HERE)  # known, and its end comes while it is
    database.seconds = 10.0
    with pytest.raises(refusal):
        verifier.verify(key.text, HERE)


def test_only_the_holder_learns_that_a_key_has_expired(database: Database, verifier: Verifier) -> None:
    key = database.add(expires_at=NOW)
    forged = new_key(Prefix.TEST, _choosing(key.key_id))
    with pytest.raises(ApiKeyInvalid):
        verifier.verify(forged.text, HERE)


def test_a_suspended_merchant_s_key_opens_nothing(database: Database, verifier: Verifier) -> None:
    key = database.add()
    stored = database.rows[key.key_id]
    database.rows[key.key_id] = replace(stored, merchant=replace(MERCHANT, state=MerchantState.SUSPENDED))
    with pytest.raises(MerchantSuspended):
        verifier.verify(key.text, HERE)


def test_what_is_known_is_bounded(database: Database, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "KNOWN_LIMIT", 2)
    first, *others = [database.add() for _ in range(3)]
    for key in (first, *others):
        verifier.verify(key.text, HERE)
    verifier.verify(others[0].text, HERE)
    assert database.reads == 3
    verifier.verify(first.text, HERE)
    assert database.reads == 4
