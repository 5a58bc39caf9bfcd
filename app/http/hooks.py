"""Removes hooks of a library from Flask, by their names."""

from collections.abc import Callable
from functools import partial
from typing import Any


class HookMissing(Exception):
    """The library has no such hook: check what this version does instead."""


def remove_hook(hooks: list[Any], name: str) -> Callable[..., Any]:
    """Remove the one function called `name` (its `__qualname__`) from a list of Flask's hooks, and return it.

    Raises HookMissing when there is none, or more than one.
    """
    found = [hook for hook in hooks if _name(hook) == name]
    if len(found) != 1:
        raise HookMissing(f"{len(found)} hooks are called {name}; there are {', '.join(map(_name, hooks)) or 'none'}")
    hooks.remove(found[0])
    function: Callable[..., Any] = found[0]
    return function


def _name(hook: Any) -> str:
    function = hook.func if isinstance(hook, partial) else hook
    return str(getattr(function, "__qualname__", function))
