"""Merchants over HTTP: made, listed, suspended."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.conftest import ADMIN, Api, serving


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application with the merchants M1 and M2."""
    with serving(database_url, redis_url) as api:
        for merchant in ("M1", "M2"):
            body = {"merchantId": merchant, "name": merchant, "mode": "TEST"}
            assert api.post("/merchants", body, **ADMIN).status_code == 200
        yield api


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_merchants_over_http(api: Api) -> None:
    assert code(api.post("/merchants", {"merchantId": "M1", "name": "x", "mode": "TEST"}, **ADMIN)) == (
        409,
        "MERCHANT_EXISTS",
    )
    pages, cursor = [], ""
    while cursor is not None:
        page = api.http.get(f"/merchants?limit=1{cursor and f'&cursor={cursor}'}", headers=ADMIN).get_json()
        pages += [item["merchantId"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert pages == ["M1", "M2"]
    assert code(api.http.get("/merchants?cursor=%FF", headers=ADMIN)) == (400, "VALIDATION_FAILED")
    changed = api.http.patch("/merchants/M1", json={"state": "SUSPENDED", "reason": "fraud"}, headers=ADMIN)
    assert (changed.status_code, changed.get_json()["state"]) == (200, "SUSPENDED")
    assert code(api.http.patch("/merchants/M9", json={"state": "ACTIVE", "reason": "x"}, headers=ADMIN)) == (
        404,
        "NOT_FOUND",
    )


def test_a_merchant_whose_id_has_a_slash_can_be_suspended(api: Api) -> None:
    api.post("/merchants", {"merchantId": "a/b c", "name": "x", "mode": "TEST"}, **ADMIN)
    changed = api.http.patch("/merchants/a%2Fb%20c", json={"state": "SUSPENDED", "reason": "fraud"}, headers=ADMIN)
    assert (changed.status_code, changed.get_json()["state"]) == (200, "SUSPENDED")
