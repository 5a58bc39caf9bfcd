"""Merchants over HTTP: made, listed, suspended, connected; when their day ends and where they are paid."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from app import messages
from app.services import EXTENSION
from payments.acquiring.gate import Gate
from payments.acquiring.simulator import SimulatorConnector
from payments.platform.connectors import ConnectorName
from tests.integration.api.conftest import ADMIN, Api, serving


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application with the merchants M1 and M2."""
    with serving(database_url, redis_url) as api:
        for merchant in ("M1", "M2"):
            body = {"merchantId": merchant, "name": merchant, "mode": "TEST"}
            assert api.post("/merchants", body, **ADMIN).status_code == 200
        yield api


def patch(api: Api, merchant_id: str = "M1", **body: str | None) -> Any:
    return api.http.patch(f"/merchants/{merchant_id}", json={"reason": "x", **body}, headers=ADMIN)


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
    changed = patch(api, state="SUSPENDED")
    assert (changed.status_code, changed.get_json()["state"]) == (200, "SUSPENDED")
    assert code(patch(api, "M9", state="ACTIVE")) == (404, "NOT_FOUND")


def test_a_merchant_whose_id_has_a_slash_can_be_suspended(api: Api) -> None:
    api.post("/merchants", {"merchantId": "a/b c", "name": "x", "mode": "TEST"}, **ADMIN)
    changed = patch(api, "a%2Fb%20c", state="SUSPENDED")
    assert (changed.status_code, changed.get_json()["state"]) == (200, "SUSPENDED")


def test_a_merchant_that_can_be_made_can_be_suspended(api: Api) -> None:
    for merchant_id in ("/x", "x/", "//", "a\nb", "x\n", "\nx", ".", "..", "a\u2028b", "\0"):
        new = {"merchantId": merchant_id, "name": "x", "mode": "TEST"}
        assert api.post("/merchants", new, **ADMIN).status_code == 200
        changed = patch(api, quote(merchant_id, safe=""), state="SUSPENDED")
        assert changed.status_code == 200, merchant_id
        assert (changed.get_json()["merchantId"], changed.get_json()["state"]) == (merchant_id, "SUSPENDED")


def test_no_id_is_no_merchant(api: Api) -> None:
    assert code(patch(api, "", state="SUSPENDED")) == (404, "NOT_FOUND")


def faults(answer: Any) -> list[tuple[str, str]]:
    assert code(answer) == (400, "VALIDATION_FAILED")
    return [(fault["field"], fault["message"]) for fault in answer.get_json()["errors"]]


def test_an_acquirer_that_is_not_connected_is_refused(api: Api) -> None:
    new = {"merchantId": "M3", "name": "x", "mode": "TEST", "connector": "simulator"}
    for answer in (api.post("/merchants", new, **ADMIN), patch(api, connector="simulator")):
        assert faults(answer) == [("connector", messages.NOT_CONNECTED)]
    assert faults(patch(api, connector="visa"))[0][0] == "connector"
    assert faults(patch(api)) == [("", messages.NO_CHANGE)]
    listed = api.http.get("/merchants", headers=ADMIN).get_json()["items"]
    assert [(item["merchantId"], item["connector"]) for item in listed] == [("M1", "none"), ("M2", "none")]


def test_a_merchant_gets_a_connector(api: Api) -> None:
    with connected(api):
        new = {"merchantId": "M3", "name": "x", "mode": "TEST", "connector": "simulator"}
        assert api.post("/merchants", new, **ADMIN).get_json()["connector"] == "simulator"
        assert patch(api, connector="simulator").get_json()["connector"] == "simulator"
        changed = patch(api, state="SUSPENDED", connector="none").get_json()
        assert (changed["state"], changed["connector"]) == ("SUSPENDED", "none")


@contextmanager
def connected(api: Api) -> Iterator[None]:
    """An installation that is connected to the simulator."""
    extensions = api.flask.extensions
    before = extensions[EXTENSION]
    gate = Gate(SimulatorConnector("http://127.0.0.1:1", "a key that nobody is sent", 1))
    extensions[EXTENSION] = replace(before, acquirers={ConnectorName.SIMULATOR: gate})
    try:
        yield
    finally:
        extensions[EXTENSION] = before


IBAN = "DE89370400440532013000"


def test_a_merchant_s_day_and_account(api: Api) -> None:
    made = api.post("/merchants", {"merchantId": "M3", "name": "x", "mode": "TEST", "timeZone": "Asia/Seoul"}, **ADMIN)
    assert (made.get_json()["timeZone"], made.get_json()["iban"]) == ("Asia/Seoul", None)
    changed = patch(api, "M3", iban="de89 3704 0044 0532 0130 00").get_json()
    assert (changed["timeZone"], changed["iban"]) == ("Asia/Seoul", IBAN)
    changed = patch(api, "M3", timeZone="America/New_York").get_json()
    assert (changed["timeZone"], changed["iban"]) == ("America/New_York", IBAN)
    listed = api.http.get("/merchants", headers=ADMIN).get_json()["items"]
    assert [(item["timeZone"], item["iban"]) for item in listed] == [
        ("UTC", None),
        ("UTC", None),
        ("America/New_York", IBAN),
    ]


def test_null_removes_an_account_and_absence_does_not(api: Api) -> None:
    new = {"merchantId": "M3", "name": "x", "mode": "LIVE", "timeZone": "Asia/Seoul", "iban": IBAN}
    assert api.post("/merchants", new, **ADMIN).get_json()["iban"] == IBAN
    assert patch(api, "M3", timeZone="UTC").get_json()["iban"] == IBAN
    for _ in range(2):  # again is no change
        changed = patch(api, "M3", iban=None)
        assert (changed.status_code, changed.get_json()["timeZone"], changed.get_json()["iban"]) == (200, "UTC", None)
    noted = api.http.get("/operator-actions", headers=ADMIN).get_json()["items"]
    assert [each["detail"] for each in noted if each["action"] == "merchant.iban"] == ["…3000 to none: x"]


def test_null_stays_refused_elsewhere(api: Api) -> None:
    for field in ("state", "connector", "timeZone"):
        assert [name for name, _ in faults(patch(api, "M1", **{field: None}))] == [field]
    assert [name for name, _ in faults(patch(api, iban=None, state=None))] == ["state"]
    new = {"merchantId": "M3", "name": "x", "mode": "TEST", "iban": None}
    assert [name for name, _ in faults(api.post("/merchants", new, **ADMIN))] == ["iban"]


def test_the_description_says_where_null_is_taken(api: Api) -> None:
    schemas = api.http.get("/openapi.json").get_json()["components"]["schemas"]
    change = schemas["MerchantChangeBody"]["properties"]
    assert [name for name in change if change[name].get("nullable")] == ["iban"]
    assert "null" in change["iban"]["description"]
    assert not schemas["MerchantBody"]["properties"]["iban"].get("nullable")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("timeZone", zone) for zone in ("localtime", "posix/UTC", "Europe/Atlantis", "", "+01:00", "../UTC")),
        *(("iban", iban) for iban in ("", "DE", "DE89370400440532013001", "DE89-3704", "D" * 99)),
    ],
)
def test_a_zone_or_an_account_that_is_none_is_refused(api: Api, field: str, value: str) -> None:
    new = {"merchantId": "M3", "name": "x", "mode": "TEST", field: value}
    for answer in (api.post("/merchants", new, **ADMIN), patch(api, **{field: value})):
        assert [name for name, _ in faults(answer)] == [field]
