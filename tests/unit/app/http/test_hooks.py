"""Hooks of libraries are removed by name; a missing or duplicate hook is an error."""

from functools import partial

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from app.http.hooks import HookMissing, remove_hook


def first(_self: object) -> None: ...


def second(_self: object) -> None: ...


def test_one_is_taken_out_wherever_it_stands() -> None:
    hooks = [partial(first, None), second]
    found = remove_hook(hooks, "first")
    assert isinstance(found, partial)
    assert found.func is first
    assert hooks == [second]


@pytest.mark.parametrize("hooks", [[], [second], [first, partial(first, None)]])
def test_none_or_several_are_an_error_that_names_what_is_there(hooks: list[object]) -> None:
    before = list(hooks)
    with pytest.raises(HookMissing, match=f"{len([h for h in hooks if h is not second])} hooks are called first"):
        remove_hook(hooks, "first")
    assert hooks == before


def test_another_hook_that_came_later_stays() -> None:
    app = Flask("test")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    SQLAlchemy(app)
    app.teardown_appcontext(second)
    remove_hook(app.teardown_appcontext_funcs, "SQLAlchemy._teardown_session")
    assert app.teardown_appcontext_funcs == [second]
