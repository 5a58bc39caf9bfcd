"""A CSV file of a list: pages join without gap or repetition, each has its own deadline, and an error ends the file."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, g

from app import csv_export
from app.csv_export import csv_answer
from payments.platform.errors import ServiceUnavailable
from payments.platform.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class Row(JsonObject):
    """An item of a list."""

    id: int


class Newest:
    """A list, newest first, to which rows are added while it is read. Page number `fails_at` cannot be read."""

    def __init__(self, size: int, *, added: int = 0, fails_at: int = -1) -> None:
        self.newest = size
        self.added = added
        self.fails_at = fails_at
        self.pages = 0
        self.seconds_left: list[float] = []

    def read(self, _connection: Any, before: int | None, limit: int) -> tuple[list[Row], int | None]:
        self.seconds_left.append(g.deadline - time.monotonic())
        self.pages += 1
        if self.pages - 1 == self.fails_at:
            raise ServiceUnavailable("The database does not answer.")
        first = self.newest if before is None else before - 1
        self.newest += self.added
        items = [Row(number) for number in range(first, max(first - limit, 0), -1)]
        return items, items[-1].id if items and items[-1].id > 1 else None


@pytest.fixture(autouse=True)
def without_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "read_list", lambda function: function(None))


def download(read: Callable[..., Any]) -> Any:
    app = Flask("test")

    @app.get("/list.csv")
    def view() -> Any:
        g.deadline = time.monotonic() - 1  # a long download: the request's own deadline is over
        return csv_answer("list.csv", ["id"], read)

    app.testing = True
    return app.test_client().get("/list.csv", buffered=False)


def ids(text: str) -> list[int]:
    first, *others = text.split("\r\n")[:-1]
    assert first == "id"
    return [int(line) for line in others]


def test_pages_join_while_rows_are_added() -> None:
    rows = Newest(1234, added=7)
    answer = download(rows.read)
    assert ids(answer.get_data(as_text=True)) == [*range(1234, 0, -1)]
    assert rows.pages == 3
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert "Content-Length" not in answer.headers


def test_each_page_but_the_first_has_a_deadline_of_its_own() -> None:
    rows = Newest(1234)
    download(rows.read).get_data()
    assert all(seconds > 1 for seconds in rows.seconds_left[1:])


def test_a_list_without_rows_has_its_header() -> None:
    assert download(Newest(0).read).get_data() == b"id\r\n"


def test_a_page_may_be_empty_and_not_the_last() -> None:
    def read(_connection: Any, position: int | None, _limit: int) -> tuple[list[Row], int | None]:
        return ([Row(position)], None) if position == 3 else ([], (position or 0) + 1)

    assert ids(download(read).get_data(as_text=True)) == [3]


def test_a_file_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "ROWS_LIMIT", 700)
    assert ids(download(Newest(5000).read).get_data(as_text=True)) == [*range(5000, 4300, -1)]


def test_an_error_of_the_first_page_is_not_an_answer() -> None:
    with pytest.raises(ServiceUnavailable):
        download(Newest(1234, fails_at=0).read)


def test_an_error_of_a_later_page_ends_no_file() -> None:
    with pytest.raises(ServiceUnavailable):
        download(Newest(1234, fails_at=2).read).get_data()
