"""Formats dead letters for a terminal: a table of at most 100 columns, and one dead letter in full."""

from typing import Final

from payments.dead_letters.view import DeadLetter, DeadLetterSummary
from payments.platform.json_types import members

WIDTH: Final = 100
_COLUMNS: Final = (("ID", 7), ("STATE", 9), ("TRIES", 5), ("ERROR", 15), ("TOPIC", 18), ("SINCE", 19))
"""Title and minimum width; the error message has the rest of the line."""


def as_table(items: list[DeadLetterSummary]) -> str:
    """One line for each dead letter of `payments.dead_letters.view`."""
    lines = [_line([title for title, _ in _COLUMNS], "WHAT")]
    for item in items:
        since = item.timestamp[:19].replace("T", " ")
        values = [item.id, item.state, item.attempts, item.error_type, item.original_topic, since]
        lines.append(_line([str(value) for value in values], item.error_message))
    return "\n".join(lines)


def _line(values: list[str], rest: str) -> str:
    fields = [value.ljust(width) for value, (_, width) in zip(values, _COLUMNS, strict=True)]
    text = " ".join([*fields, printable(rest)])
    return (text if len(text) <= WIDTH else text[: WIDTH - 1] + "…").rstrip()


def as_details(letter: DeadLetter) -> str:
    """One dead letter, a line for each member; the payload last, unchanged."""
    encoding = "" if letter.payload_encoding is None else f" ({letter.payload_encoding})"
    lines = [
        f"{name:<14} {printable(str(value))}"
        for name, value in members(letter).items()
        if name not in ("payload", "payloadEncoding")
    ]
    return "\n".join([*lines, f"payload{encoding}:", printable(letter.payload, keep="\n\t")])


def printable(text: str, keep: str = "") -> str:
    """`text` without control characters, which a terminal may interpret, except those in `keep`."""
    return "".join(sign if sign.isprintable() or sign in keep else "?" for sign in text)
