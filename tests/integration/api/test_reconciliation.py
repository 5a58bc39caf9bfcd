"""The desk of reconciliation over HTTP: files that are sent, exceptions that are shown and ended."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from app import messages
from payments.acquiring.rules import State
from payments.platform.database import create_engine
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import uploads
from payments.reconciliation.rules import ExceptionClass
from tests.contracts.planted_exceptions import Planted, plant
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.desk import PEPPERS, key

FILES, EXCEPTIONS = "/reconciliation/files", "/reconciliation/exceptions"
HERE = {"REMOTE_ADDR": "192.0.2.1"}
"""By the admin token an operator is noted with an address, and is one wherever it is."""
THERE = {"REMOTE_ADDR": "192.0.2.2"}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def strict(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application where one operator may end what is worth 10 USD."""
    limits = AmountsByCurrency(0, {"USD": 999})
    with serving(database_url, redis_url, peppers=PEPPERS, second_operator_above=limits) as made:
        yield made


def send(api: Api, content: bytes, query: str = "?name=a.csv", media_type: str = "text/csv", **more: Any) -> Any:
    return api.http.post(f"{FILES}{query}", data=content, content_type=media_type, headers=ADMIN, **more)


def get(api: Api, path: str) -> Any:
    answer = api.http.get(path, headers=ADMIN)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def end(
    api: Api, exception_id: int, how: str, place: dict[str, str] | None = None, headers: dict[str, str] = ADMIN
) -> Any:
    path = f"{EXCEPTIONS}/{exception_id}/{how}"
    return api.http.post(path, json={"reason": "they say so"}, headers=headers, environ_base=place or HERE)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_a_file_is_stored_once_and_shown(api: Api) -> None:
    sent = send(api, b"record\r\n", "?name=2030-05-17.csv&connector=simulator")
    assert sent.status_code == 202
    shown = sent.get_json()
    assert (shown["name"], shown["state"], shown["connector"]) == ("2030-05-17.csv", "UPLOADED", "simulator")
    assert (shown["day"], shown["faults"], shown["totals"], shown["endedAt"]) == (None, [], [], None)
    assert (shown["lines"], shown["matched"], shown["exceptions"]) == (0, 0, 0)
    assert code(send(api, b"record\r\n")) == (409, "DUPLICATE_FILE")
    assert get(api, f"{FILES}/{shown['fileId']}") == shown
    assert get(api, FILES) == {"items": [shown], "nextCursor": None}
    assert get(api, "/reconciliation")["newestFile"] == shown
    assert code(api.http.get(f"{FILES}/9", headers=ADMIN)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "media_type", "expected"),
    [
        ("", "text/csv", (400, "VALIDATION_FAILED")),
        ("?name=", "text/csv", (400, "VALIDATION_FAILED")),
        ("?name=4111111111111111", "text/csv", (400, "VALIDATION_FAILED")),
        (f"?name={'x' * 129}", "text/csv", (400, "VALIDATION_FAILED")),
        ("?name=a&connector=none", "text/csv", (400, "VALIDATION_FAILED")),
        ("?name=a", "application/json", (415, "UNSUPPORTED_MEDIA_TYPE")),
        ("?name=a", "", (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
def test_what_a_file_needs(api: Api, query: str, media_type: str, expected: tuple[int, str]) -> None:
    assert code(send(api, b"record", query, media_type)) == expected


def test_what_is_no_text_is_refused(api: Api) -> None:
    assert code(send(api, b"")) == code(send(api, b"PK\0\0")) == (422, "FILE_REFUSED")


def test_a_file_has_its_own_limit(api: Api) -> None:
    assert send(api, b"x" * uploads.LARGEST).status_code == 202
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    for environ in ({}, chunked):
        refused = send(api, b"x" * (uploads.LARGEST + 1), environ_overrides=environ)
        assert code(refused) == (413, "PAYLOAD_TOO_LARGE")
        assert refused.get_json()["message"] == messages.FILE_TOO_LARGE
    large = api.http.post(f"{EXCEPTIONS}/1/resolve", data=b" " * 17_000, content_type="application/json", headers=ADMIN)
    assert (code(large), large.get_json()["message"]) == ((413, "PAYLOAD_TOO_LARGE"), messages.BODY_TOO_LARGE)


def test_both_sides_of_an_exception(api: Api, engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    shown = get(api, f"{EXCEPTIONS}/{exception_id}")
    line, operation = shown.pop("line"), shown.pop("operation")
    assert (shown["class"], shown["state"], shown["currency"], shown["suspense"]) == ("AMOUNT", "OPEN", "USD", 875)
    assert (line["number"], line["kind"], line["gross"], line["fee"]) == (1, "capture", 900, 25)
    assert (operation["amount"], operation["state"], operation["merchantId"]) == (1000, "APPROVED", "M1")
    assert operation["paymentId"] == 7
    assert code(api.http.get(f"{EXCEPTIONS}/99", headers=ADMIN)) == (404, "NOT_FOUND")


def test_exceptions_are_listed_and_filtered(api: Api, engine: Engine) -> None:
    missing = Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER, waiting=True)
    unknown = Planted(exception_class=ExceptionClass.UNKNOWN_TO_US, state=None, currency="EUR")
    first, second, third = (plant(engine, each) for each in (Planted(), missing, unknown))

    def found(query: str) -> list[int]:
        return [each["exceptionId"] for each in get(api, f"{EXCEPTIONS}{query}")["items"]]

    assert found("") == [third, second, first]
    assert found("?class=AMOUNT") == [first]
    assert found("?state=WAITING") == [second]
    assert found("?currency=EUR") == [third]
    assert found("?state=OPEN&currency=USD") == [first]
    page = get(api, f"{EXCEPTIONS}?limit=2")
    rest = get(api, f"{EXCEPTIONS}?limit=2&cursor={page['nextCursor']}")
    assert [each["exceptionId"] for each in rest["items"]] == [first]
    file_id = rest["items"][0]["line"]["fileId"]
    assert found(f"?fileId={file_id}") == [first]
    for wrong in ("class=x", "state=x", "currency=usd", "fileId=0"):
        assert code(api.http.get(f"{EXCEPTIONS}?{wrong}", headers=ADMIN)) == (400, "VALIDATION_FAILED")


def test_how_reconciliation_stands(api: Api, engine: Engine) -> None:
    plant(engine, Planted())
    plant(engine, Planted(exception_class=ExceptionClass.FEE, suspense=-1))
    plant(engine, Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER, waiting=True))
    end(api, plant(engine, Planted(exception_class=ExceptionClass.UNKNOWN_TO_US, state=None)), "resolve")
    shown = get(api, "/reconciliation")
    assert shown["suspense"] == [{"currency": "USD", "amount": 874}]
    counts = {each["class"]: (each["open"], each["waiting"]) for each in shown["exceptions"]}
    assert list(counts) == [*ExceptionClass]
    counted = {name: count for name, count in counts.items() if count != (0, 0)}
    assert counted == {"AMOUNT": (1, 0), "FEE": (1, 0), "MISSING_AT_ACQUIRER": (0, 1)}
    assert {each["class"] for each in shown["exceptions"] if each["oldestAt"] is not None} == {"AMOUNT", "FEE"}


def test_an_exception_ends_once(api: Api, engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    ended = end(api, exception_id, "resolve").get_json()
    assert (ended["state"], ended["actor"], ended["reason"]) == ("RESOLVED", "api:192.0.2.1", "they say so")
    assert ended == get(api, f"{EXCEPTIONS}/{exception_id}")
    assert code(end(api, exception_id, "write-off")) == (409, "RECON_CONFLICT")
    assert code(end(api, 99, "resolve")) == (404, "NOT_FOUND")
    undecided = plant(engine, Planted(state=State.UNKNOWN))
    assert code(end(api, undecided, "resolve")) == (409, "RECON_CONFLICT")


def test_two_operators_end_what_is_worth_more(strict: Api, engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    proposed = end(strict, exception_id, "write-off").get_json()
    assert (proposed["state"], proposed["proposal"]) == ("OPEN", "WRITTEN_OFF")
    assert (proposed["proposedBy"], proposed["proposedReason"]) == ("api:192.0.2.1", "they say so")
    for place in (HERE, THERE):
        assert code(end(strict, exception_id, "write-off", place)) == (409, "SECOND_OPERATOR_NEEDED")
    ended = end(strict, exception_id, "write-off", headers=key(strict, "lee")).get_json()
    assert (ended["state"], ended["actor"], ended["approver"]) == ("WRITTEN_OFF", "api:192.0.2.1", "key:lee")


def test_exceptions_as_a_file(api: Api, engine: Engine) -> None:
    first = plant(engine, Planted())
    second = plant(engine, Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER))
    answer = api.http.get(f"{EXCEPTIONS}.csv?currency=USD", headers=ADMIN)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="exceptions.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [(row["exceptionId"], row["class"]) for row in rows] == [
        (str(second), "MISSING_AT_ACQUIRER"),
        (str(first), "AMOUNT"),
    ]
    assert (rows[0]["lineGross"], rows[0]["fileId"], rows[0]["operationAmount"]) == ("", "", "1000")
    assert (rows[1]["lineGross"], rows[1]["lineNumber"], rows[1]["paymentId"]) == ("900", "1", "7")
