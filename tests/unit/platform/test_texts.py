"""White space and the characters of a reason: the same in the check and in JSON Schema."""

import re
import sys

import pytest

from payments.platform.values import texts

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


def test_white_space_is_what_python_says() -> None:
    first, others = CHARACTERS[:0x3100], "".join(CHARACTERS[0x3100:])
    blank = {character for character in first if texts.fault(character) is not None}
    assert blank == {character for character in first if character.isspace()}
    assert not any(character.isspace() for character in others)
    assert len(re.findall(texts.NOT_BLANK, others)) == len(others)


def test_the_patterns_say_what_the_functions_say() -> None:
    for character in (*CHARACTERS[:0x3100], "\ufeff", "\uffff", "\U0001f600"):
        for text in (character, f"a{character}", f" {character} "):
            assert (re.search(texts.NOT_BLANK, text) is None) is (texts.fault(text) is not None), repr(text)
            if text != "a\n":  # Python's $ also matches before a last line feed, that of ECMA 262 does not
                assert (re.search(texts.PROSE, text) is None) is (texts.fault_of_prose(text) is not None), repr(text)


def test_the_patterns_have_no_class_that_languages_define_differently() -> None:
    for pattern in (texts.NOT_BLANK, texts.PROSE):
        assert not re.search(r"\\[^u]", pattern)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\0", "\x7f", "a\x85b", "\u202egnp", "a\u2028b", "\u2066a", "\x1b[2Ja", "a\n"]
)
def test_a_reason_has_no_control_character(text: str) -> None:
    assert texts.fault_of_prose(text) is not None


@pytest.mark.parametrize(
    "text", ["a b", "a\u00a0b", "환불", "\U0001f469\u200d\U0001f4bb", "\u0645\u06cc\u200c", "é", "\u200fא"]
)
def test_a_reason_may_be_in_any_language(text: str) -> None:
    assert texts.fault_of_prose(text) is None
