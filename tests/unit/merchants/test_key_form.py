"""The text of a key: each change of a character is noticed, and nothing but a key is one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.merchants import key_form
from payments.merchants.key_form import KeyText, Prefix, new_key, parse

ALPHABET = string.digits + string.ascii_letters


@given(st.sampled_from(Prefix), st.data())
def test_a_new_key_is_read_back(prefix: Prefix, data: st.DataObject) -> None:
    key = new_key(prefix, lambda letters: data.draw(st.sampled_from(letters)))
    assert parse(key.text) == key
    assert len(key.text) == len("po_test_") + 2 + 10 + 1 + 32 + 6


def test_each_change_of_one_character_is_noticed() -> None:
    text = new_key(Prefix.TEST).text
    for place, character in enumerate(text):
        for other in set(ALPHABET) - {character}:
            assert parse(text[:place] + other + text[place + 1 :]) is None, (place, other)
        assert parse(text[:place] + text[place + 1 :]) is None, "left out"
        assert parse(text[:place] + character + text[place:]) is None, "twice"


@given(st.text())
def test_other_texts_are_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", ["", "po_test_", "po_live_" + "0" * 51, "po_prod_" + "0" * 51, "Bearer x"])
def test_near_misses_are_none(text: str) -> None:
    assert parse(text) is None


def test_keys_are_found_wherever_they_are() -> None:
    one, two = new_key(Prefix.LIVE), new_key(Prefix.OPERATOR)
    misspelt = one.text[:-1] + ("0" if one.text[-1] != "0" else "1")
    text = f'{{"a":"{one.text}"}}\n?key={two.text}&x=1 {misspelt}x{one.text}{two.text}0'
    assert key_form.keys_in(text) == [one, two, one, two]
    assert key_form.keys_in("po_test_ " + misspelt) == []


def test_ids_and_secrets_differ_and_the_representation_hides_the_secret() -> None:
    keys = [new_key(Prefix.OPERATOR) for _ in range(200)]
    assert len({key.key_id for key in keys}) == len({key.text for key in keys}) == 200
    for key in keys:
        assert key.text.split("_")[3] not in repr(key)
        assert key.last == key.text[-4:]


def test_a_planted_form_without_checksum_lets_a_misspelt_key_through(monkeypatch: pytest.MonkeyPatch) -> None:
    text = new_key(Prefix.TEST).text
    misspelt = text[:30] + ("a" if text[30] != "a" else "b") + text[31:]
    monkeypatch.setattr(key_form, "_checksum", lambda _: text[-6:])
    assert isinstance(parse(misspelt), KeyText), "so the test above would see it"
