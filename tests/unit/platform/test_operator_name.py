"""The operator's name of an action, for any environment."""

import getpass
import os

import pytest

from payments.platform.operator_name import LONGEST, actor


def _nobody() -> str:
    raise OSError


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getlogin", _nobody)
    monkeypatch.setattr(getpass, "getuser", _nobody)


@pytest.mark.parametrize(
    ("name", "noted"),
    [
        ("alice", "cli:alice"),
        ("DOMAIN\\alice", "cli:DOMAIN\\alice"),
        ("a b\nc\x00\x1b[2J\u202e", "cli:a?b?c??[2J?"),
        ("\udcff", "cli:?"),
        ("x" * 500, "cli:" + "x" * LONGEST),
    ],
)
def test_the_person_that_called_sudo(name: str, noted: str) -> None:
    assert actor({"SUDO_USER": name}) == noted
    assert len(noted) <= 128


@pytest.mark.parametrize("environment", [{}, {"SUDO_USER": ""}, {"SUDO_USER": " \n"}])
def test_else_the_login_else_the_user_else_its_number(
    nameless: None, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert actor(environment) == f"cli:uid-{os.getuid()}"
    monkeypatch.setattr(getpass, "getuser", lambda: "payops")
    assert actor(environment) == "cli:payops"
    monkeypatch.setattr(os, "getlogin", lambda: "bob")
    assert actor(environment) == "cli:bob"
