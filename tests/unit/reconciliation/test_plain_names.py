"""Names in the text of a statement: only such as need no escaping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.reconciliation.plain_names import check_plain, quoted


def test_plain_names_are_literals() -> None:
    assert quoted(iter(["00-1-capture-1", "op_A.b:c"])) == "'00-1-capture-1','op_A.b:c'"


@given(st.characters())
def test_nothing_else_is_written(character: str) -> None:
    if character.isascii() and (character.isalnum() or character in "_.:-"):
        check_plain([character])
        return
    for names in ([character], ["a", f"b{character}"]):
        with pytest.raises(ValueError, match="no reference"):
            quoted(names)
