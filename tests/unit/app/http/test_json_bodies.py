"""The JSON that is accepted: no duplicate keys, numbers of any size."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.json_bodies import Malformed, parse

TWICE = {
    "at the top": b'{"a":1,"a":1}',
    "with a value of another kind": b'{"a":1,"b":2,"a":[]}',
    "deep": b'{"x":[[{"y":{"a":1,"a":1}}]]}',
    "in the second element": b'[{"a":1},{"a":1,"a":2}]',
    "escaped": b'{"a":1,"\\u0061":1}',
    "escaped in part": b'{"merchantId":"a","merchant\\u0049d":"b"}',
    "empty": b'{"":1,"":1}',
    "with white space": b'{"a" :1,\n\t"a"\r: 1}',
    "beside a huge number": b'{"a":1e400,"a":1}',
}


@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_a_key_comes_once_in_an_object(text: bytes) -> None:
    with pytest.raises(Malformed, match="same key twice"):
        parse(text)


def test_the_same_key_in_other_objects_and_in_texts_is_fine() -> None:
    text = b'{"a":{"a":"\\"a\\":1"},"A":[{"a":1},{"a":1}],"b":"a","c":"{\\"a\\":1,\\"a\\":1}"}'
    assert parse(text) == json.loads(text)


NUMBERS = ["0", "-0", "1.0", "1E2", "0.1", "1e-400", "-0.0", "1e+2", str(2**53 + 1), str(2**63), str(2**64), "9" * 400,
           "-" + "9" * 400, "1e400", "-1e400", "1e99999999999", "9" * 5000, "0." + "1" * 400]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_any_size_and_form_is_json(number: str) -> None:
    value = parse(f'{{"a":{number},"b":[{number}]}}'.encode())["a"]
    assert isinstance(value, int | float)
    assert not math.isnan(value)


BAD = [b"", b"01", b"1.", b".5", b"+1", b"1e", b"- 1", b"0x1", b"1_0", b"NaN", b"-Infinity", b'{"a":NaN,"b":1e400}',
       b'{"a":"\xff","b":1e400}', b'["\\ud800",1e400]', b'["\t",1e400]', b"[1e400", b"[1e400]]", b"\xef\xbb\xbf{}",
       b"[" * 980 + b"]" * 980 + b"1e400", b"[" * 5000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"\xd9\xa1"]  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: repr(text[:20]))
def test_what_is_not_json_stays_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse(text)


_TEXT = st.text(st.sampled_from('ab01{}[]:,"\\/\x00\x1f\x7f é\u2028\ufeff\U0001f600'))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | _TEXT,
    lambda children: st.lists(children) | st.dictionaries(_TEXT, children),
)


@given(_JSON)
def test_all_that_json_writes_is_read_as_it_was(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
