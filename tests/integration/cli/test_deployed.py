"""`deployed`: each activated release is logged once, by whoever activated it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from payments.platform.tables.processes import operator_action
from worker.__main__ import main

Call = Callable[..., int]


@pytest.fixture
def call(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SUDO_USER", "kim")
    return lambda *arguments: main(("deployed", *arguments))


def logged(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        columns = (operator_action.c.actor, operator_action.c.action, operator_action.c.target)
        return [tuple(row) for row in connection.execute(select(*columns).order_by(operator_action.c.id))]


def test_a_release_is_logged_once_until_another_one_runs(
    engine: Engine, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [call(release) for release in ("0.1.0+gabc", "0.1.0+gabc", "0.2.0", "0.1.0+gabc")] == [0] * 4
    assert logged(engine) == [
        ("cli:kim", "deploy", f"release {release}") for release in ("0.1.0+gabc", "0.2.0", "0.1.0+gabc")
    ]
    said = capsys.readouterr().out.splitlines()
    assert [line.endswith(": written.") for line in said] == [True, False, True, True]


@pytest.mark.parametrize("release", ["", "a b", "x" * 101, "1\n2", "é"])
def test_what_is_no_release_is_refused(
    engine: Engine, call: Call, capsys: pytest.CaptureFixture[str], release: str
) -> None:
    with pytest.raises(SystemExit):
        call(release)
    assert "a release has 1 to 100" in capsys.readouterr().err
    assert logged(engine) == []
