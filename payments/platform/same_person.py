"""Which actors of `operator_action` are one person. Pure."""

from typing import Final

_NAMED: Final = frozenset({"key", "cli"})
"""Ways to act under a name of one's own."""


def is_same_person(one: str, other: str) -> bool:
    """Whether two actors are one operator: the same name, by key or at a terminal, in any case.

    The admin token (`api:<address>`) is one person, from whatever address.
    """
    return _person(one) == _person(other)


def _person(noted: str) -> str:
    way, _, name = noted.partition(":")
    if way == "api":
        return "api:"
    return (name if way in _NAMED else noted).casefold()
