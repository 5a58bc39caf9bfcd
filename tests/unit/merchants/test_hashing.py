"""Hashes of keys: of the whole key, under the pepper of their number."""

from payments.merchants.hashing import Peppers
from payments.merchants.key_form import KeyText, Prefix, new_key

FIRST, SECOND = (1, b"a" * 32), (2, b"b" * 32)


def test_a_key_matches_its_own_hash_alone() -> None:
    peppers = Peppers([FIRST])
    key = new_key(Prefix.LIVE)
    stored, number = peppers.hash(key)
    assert (len(stored), number) == (64, 1)
    assert peppers.matches(key.text, stored, number)
    assert not peppers.matches(new_key(Prefix.LIVE).text, stored, number)


def test_a_key_with_the_same_id_and_another_secret_does_not_match() -> None:
    """Planted elsewhere as a comparison by prefix: id and cell are public."""
    peppers = Peppers([FIRST])
    key = new_key(Prefix.LIVE)
    other = KeyText(key.text[:21] + new_key(Prefix.LIVE).text[21:], key.prefix, key.cell, key.key_id)
    assert other.text[:21] == key.text[:21]
    assert not peppers.matches(other.text, *peppers.hash(key))


def test_the_whole_hash_is_compared() -> None:
    key = new_key(Prefix.LIVE)
    stored, number = (peppers := Peppers([FIRST])).hash(key)
    for place, digit in enumerate(stored):
        changed = stored[:place] + ("0" if digit != "0" else "1") + stored[place + 1 :]
        assert not peppers.matches(key.text, changed, number), place


def test_two_peppers_know_each_other_s_keys_while_one_is_replaced() -> None:
    key = new_key(Prefix.TEST)
    before = Peppers([FIRST]).hash(key)
    both = Peppers([FIRST, SECOND])
    assert both.matches(key.text, *before)
    assert both.hash(key)[1] == 2
    assert not Peppers([SECOND]).matches(key.text, *before), "its pepper is gone"


def test_the_representation_hides_the_peppers() -> None:
    assert "aaa" not in repr(Peppers([FIRST]))
