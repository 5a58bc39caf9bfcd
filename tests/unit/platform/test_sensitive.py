"""API keys and card numbers in texts: refused, masked, or kept as a hash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.merchants.key_form import Prefix, new_key
from payments.platform.values import card_numbers, sensitive
from payments.platform.values.card_numbers import contains
from payments.platform.values.sensitive import fault, mask, storable_key
from tests.unit.platform.test_card_numbers import KNOWN

AROUND = pytest.mark.parametrize("around", ["{}", "order {}", "x{}x", "?key={}&a=1", '{{"k":"{}"}}', "é{}é"])


@pytest.mark.parametrize("prefix", Prefix)
@AROUND
def test_an_api_key_is_refused_and_masked_wherever_it_stands(prefix: Prefix, around: str) -> None:
    key = new_key(prefix)
    head, secret = key.text[:21], key.text[21:]
    for given_secret in (secret, secret[:-1], secret[:8], secret.upper()):
        text = around.format(head + given_secret)
        assert fault(text) == sensitive.REFUSAL
        assert given_secret not in mask(text)
        assert key.key_id in mask(text), "its public id stays"
        assert fault(mask(text)) is None


@pytest.mark.parametrize("text", ["", "po_live_", "po_test_00Abc123Def4_", "repo_live_x_y", "order po_live_1_abc"])
def test_near_misses_stay(text: str) -> None:
    assert (fault(text), mask(text), storable_key(text)) == (None, text, text)


def test_a_card_number_has_a_message_of_its_own() -> None:
    assert fault(f"card {KNOWN[0]}") == card_numbers.REFUSAL
    assert mask(f"card {KNOWN[0]}") == f"card {card_numbers.MASK}"


@pytest.mark.parametrize("secret", [*KNOWN, new_key(Prefix.LIVE).text], ids=[*KNOWN, "an API key"])
@pytest.mark.parametrize("around", ["{}", "o {}", "{}-x", "é{}é", "{}:"])
def test_an_idempotency_key_that_looks_like_one_is_kept_as_its_hash(secret: str, around: str) -> None:
    key = around.format(secret)
    kept = storable_key(key)
    assert kept != key
    assert secret not in kept
    assert fault(kept) is None
    assert len(kept) <= 64
    assert storable_key(key) == kept, "a repetition finds it again"
    assert storable_key(kept) != kept, "nobody else can name it"


KEYS = st.text(st.sampled_from("payos-h25601234 é\u2028\U0001f600\x00"), max_size=64)


@given(KEYS, KEYS)
def test_different_keys_stay_different(one: str, other: str) -> None:
    kept = storable_key(one)
    assert len(kept) <= 64
    assert (kept == storable_key(other)) == (one == other)
    assert contains(one) or one.startswith("payops-sha256:") or kept == one
