"""Formats dead letters for a terminal: a table of at most 100 columns, and one dead letter in full."""

from typing import Any, Final

WIDTH: Final = 100
_COLUMNS: Final = (("ID", 7), ("STATE", 9), ("TRIES", 5), ("ERROR", 15), ("TOPIC", 18), ("SINCE", 19))
"""Title and minimum width; the error message has the rest of the line."""


def as_table(items: list[dict[str, Any]]) -> str:
    """One line for each dead letter of `payments.dead_letters.view`."""
    lines = [_line([title for title, _ in _COLUMNS], "WHAT")]
    for item in items:
        since = item["timestamp"][:19].replace("T", " ")
        values = [item["id"], item["state"], item["attempts"], item["errorType"], item["originalTopic"], since]
        lines.append(_line([str(value) for value in values], item["errorMessage"]))
    return "\n".join(lines)


def _line(values: list[str], rest: str) -> str:
    fields = [value.ljust(width) for value, (_, width) in zip(values, _COLUMNS, strict=True)]
    text = " ".join([*fields, printable(rest)])
    return (text if len(text) <= WIDTH else text[: WIDTH - 1] + "…").rstrip()


def as_details(letter: dict[str, Any]) -> str:
    """One dead letter, a line for each member; the payload last, unchanged."""
    encoding = f" ({letter['payloadEncoding']})" if "payloadEncoding" in letter else ""
    members = {name: value for name, value in letter.items() if name not in ("payload", "payloadEncoding")}
    lines = [f"{name:<14} {printable(str(value))}" for name, value in members.items()]
    return "\n".join([*lines, f"payload{encoding}:", printable(letter["payload"], keep="\n\t")])


def printable(text: str, keep: str = "") -> str:
    """`text` without control characters, which a terminal may interpret, except those in `keep`."""
    return "".join(sign if sign.isprintable() or sign in keep else "?" for sign in text)
