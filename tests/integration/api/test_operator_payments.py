"""GET /operations/payments: the search of all merchants' payments, in pages."""

from typing import Any

import pytest

from payments.payment import search_store
from payments.reading import search as reading
from tests.integration.api.conftest import ADMIN, Api

TRACE = "a1" * 16
PARENT = f"00-{TRACE}-{'b' * 16}-01"


def search(api: Api, query: str) -> dict[str, Any]:
    answer = api.http.get(f"/operations/payments?{query}", headers=ADMIN)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def ids(api: Api, query: str) -> list[int]:
    return [item["paymentId"] for item in search(api, query)["items"]]


def two_payments(api: Api) -> tuple[int, int]:
    """One of M1; one of M2 in dollars, which is captured by another request."""
    first = api.authorize("a").get_json()["paymentId"]
    body = {"merchantId": "M2", "amount": 500, "currency": "USD", "idempotencyKey": "b"}
    second = api.post("/payments/authorize", body, X_Request_Id="r-1", traceparent=PARENT).get_json()["paymentId"]
    capture = {"merchantId": "M2", "amount": 200, "idempotencyKey": "cap"}
    assert api.post(f"/payments/capture/{second}", capture, X_Request_Id="r-2").status_code == 200
    return first, second


def test_each_filter_finds_its_payment(api: Api) -> None:
    first, second = two_payments(api)
    assert ids(api, "") == [second, first]
    event = api.http.get(f"/payments/{second}?merchantId=M2").get_json()["events"][1]["eventId"]
    of_the_second = (
        "merchantId=M2", "status=PARTIALLY_CAPTURED", "currency=USD", "amount=500", "amountFrom=101",
        "amountFrom=101&amountTo=500", "idempotencyKey=b", "idempotencyKey=cap", "requestId=r-1", "requestId=r-2",
        f"traceId={TRACE}", f"paymentId={second}", f"eventId={event}", f"q={second}", f"q={event}", "q=b", "q=cap",
        "q=r-1", "q=r-2", f"q={TRACE}", "q=M2", "q=M2&merchantId=M2", "q=b&merchantId=M2", "currency=USD&requestId=r-2",
        "from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z&currency=USD",
    )  # fmt: skip
    assert {query: found for query in of_the_second if (found := ids(api, query)) != [second]} == {}
    of_none = (
        "merchantId=m2", "status=VOIDED", "currency=EUR", "amount=501", "amountFrom=501", "amountTo=99",
        "idempotencyKey=c", "requestId=r-3", f"traceId={'0' * 32}", "paymentId=99", "eventId=99", "q=99", "q=M3",
        "q=M2&merchantId=M1", "q=b&merchantId=M1", "requestId=r-1&currency=KRW", "to=2020-01-01T00:00:00Z",
        "from=2099-01-01T00:00:00Z", "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        f"q={'%F0%9F%98%80' * 128}", "q=%00", "idempotencyKey=%00", "merchantId=%00",
        f"q={2**63 - 1}", f"paymentId={2**63 - 1}", f"eventId={2**63 - 1}", "from=9999-12-31T23:59:60-23:59",
        "to=0001-01-01T00:00:00%2B23:59", "to=0000-01-01T00:00:00Z",
    )  # fmt: skip
    assert {query: found for query in of_none if (found := ids(api, query))} == {}


def test_an_item_is_that_of_a_list_with_its_key(api: Api) -> None:
    first, _ = two_payments(api)
    listed = api.http.get("/payments?merchantId=M1").get_json()["items"]
    found = search(api, f"paymentId={first}")
    assert found == {"items": [{**listed[0], "idempotencyKey": "a"}], "nextCursor": None, "searchedTo": None}


def test_a_key_that_looks_like_a_card_number_is_found(api: Api) -> None:
    payment = api.authorize("4111111111111111").get_json()["paymentId"]
    api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "idempotencyKey": "5555555555554444"})
    for query in ("q=4111111111111111", "idempotencyKey=5555555555554444", "q=5555555555554444"):
        (item,) = search(api, query)["items"]
        assert item["paymentId"] == payment
        assert "4111" not in item["idempotencyKey"]


def test_pages_are_newest_first_and_complete(api: Api) -> None:
    made = [api.authorize(f"k{number}", f"M{number % 2}").get_json()["paymentId"] for number in range(5)]
    for query in ("limit=2", "limit=2&currency=KRW", "limit=2&amount=100", "limit=2&from=2020-01-01T00:00:00Z"):
        seen: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = search(api, query + cursor)
            seen += [item["paymentId"] for item in page["items"]]
            cursor = None if page["nextCursor"] is None else f"&cursor={page['nextCursor']}"
        assert seen == made[::-1], query


def test_a_page_that_ends_early_says_how_far_it_came(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_store, "CHUNK", 2)
    monkeypatch.setattr(reading, "CHUNKS", 1)
    monkeypatch.setattr(search_store, "FEW", 0)
    oldest = api.authorize("k0", amount=7).get_json()["paymentId"]
    made = [api.authorize(f"k{number}").get_json() for number in range(1, 5)]
    pages = [search(api, "amountTo=50")]
    while (cursor := pages[-1]["nextCursor"]) is not None:
        pages.append(search(api, f"amountTo=50&cursor={cursor}"))
    assert [[item["paymentId"] for item in page["items"]] for page in pages] == [[], [], [oldest]]
    assert [page["searchedTo"] for page in pages] == [made[2]["createdAt"], made[0]["createdAt"], None]
    lines = api.http.get("/operations/payments.csv?amountTo=50", headers=ADMIN).get_data(as_text=True).splitlines()
    assert [line.split(",")[0] for line in lines] == ["paymentId", str(oldest)]


def test_the_file_has_every_payment_that_the_search_finds(api: Api) -> None:
    first, second = two_payments(api)
    answer = api.http.get("/operations/payments.csv", headers=ADMIN)
    assert answer.content_type == "text/csv; charset=utf-8"
    header, *rows = (line.split(",") for line in answer.get_data(as_text=True).splitlines())
    assert header == [*search(api, "")["items"][0]]
    assert [(row[0], row[-1]) for row in rows] == [(str(second), "b"), (str(first), "a")]
    dollars = api.http.get("/operations/payments.csv?currency=USD", headers=ADMIN).get_data(as_text=True)
    assert [line.split(",")[0] for line in dollars.splitlines()] == ["paymentId", str(second)]
    wrong = api.http.get("/operations/payments.csv?amount=0", headers=ADMIN)
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (400, "amount")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=", "q"),
        (f"q={'a' * 129}", "q"),
        ("q=%20", "q"),
        ("paymentId=0", "paymentId"),
        (f"paymentId={2**63}", "paymentId"),
        ("eventId=x", "eventId"),
        (f"idempotencyKey={'k' * 65}", "idempotencyKey"),
        (f"merchantId={'M' * 33}", "merchantId"),
        ("status=paid", "status"),
        ("currency=krw", "currency"),
        ("amount=0", "amount"),
        ("amount=1.5", "amount"),
        ("amount=5&amountFrom=1", "amountFrom"),
        ("amount=5&amountTo=9", "amountTo"),
        ("amountFrom=6&amountTo=5", "amountTo"),
        (f"amountTo={10**12 + 1}", "amountTo"),
        ("from=yesterday", "from"),
        ("from=2026-02-30T00:00:00Z", "from"),
        ("to=2026-01-01", "to"),
        ("from=2026-01-01T00:00:01Z&to=2026-01-01T00:00:00Z", "to"),
        ("requestId=%F0%9F%98%80", "requestId"),
        (f"requestId={'r' * 129}", "requestId"),
        (f"traceId={'A' * 32}", "traceId"),
        ("traceId=1", "traceId"),
        ("limit=201", "limit"),
        ("cursor=abc", "cursor"),
    ],
)
def test_a_wrong_filter_is_named(api: Api, query: str, field: str) -> None:
    answer = api.http.get(f"/operations/payments?{query}", headers=ADMIN)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "VALIDATION_FAILED")
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize("path", ["/operations/payments", "/operations/payments.csv", "/operations/payments/1"])
def test_only_operators_may_search(api: Api, path: str) -> None:
    assert api.http.get(path).status_code == 401
