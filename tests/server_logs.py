"""The ends of the logs of a failed test's servers, for its report: after it they are removed."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from stack.server import Server


def sections(values: Iterable[object]) -> list[tuple[str, str]]:
    """(title, text) for each server among the values of a test's fixtures, and in their dataclasses."""
    found = {id(server): server for server in _servers(values)}
    return [_section(server) for server in found.values()]


def _servers(values: Iterable[object]) -> Iterator[Server]:
    for value in values:
        if isinstance(value, Server):
            yield value
        elif is_dataclass(value) and not isinstance(value, type):
            yield from _servers(getattr(value, field.name) for field in fields(value))


def _section(server: Server) -> tuple[str, str]:
    state = "runs" if server.exit_code is None else f"ended with code {server.exit_code}"
    return f"{server.name} {state}", server.log_end().lstrip("\n")
