"""Payments at an acquirer as they are read: a merchant sees its steps, an operator all of each operation."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.acquiring.rules import Learned
from payments.platform.database import create_engine
from tests.contracts import commands
from tests.contracts.at_acquirer import AtAcquirer
from tests.integration.api.conftest import ADMIN, Api


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def read(api: Api, path: str) -> dict[str, Any]:
    answer = api.http.get(path, headers=ADMIN)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def steps(found: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(each["reference"], each["state"], each["declineCode"]) for each in found["operations"]]


def test_a_merchant_sees_its_steps(api: Api, engine: Engine) -> None:
    paid = AtAcquirer(engine)
    path = "/payments/1?merchantId=M1"
    found = read(api, path)
    assert (found["status"], found["events"]) == ("PROCESSING", [])
    assert steps(found) == [("00-1-authorization-1", "PROCESSING", None)]
    paid.learn(Learned.APPROVED, acquirer_reference="op_1")
    paid.begin(commands.capture(1, "c", 600))
    paid.learn(Learned.DECLINED, decline_code="processing_error")
    paid.begin(commands.void(1, "v"))
    found = read(api, path)
    assert found["status"] == "AUTHORIZED"
    assert steps(found) == [
        ("00-1-authorization-1", "APPROVED", None),
        ("00-1-capture-1", "DECLINED", "processing_error"),
        ("00-1-void-1", "PROCESSING", None),
    ]
    assert found["operations"][1] == {
        "operationId": 2,
        "kind": "capture",
        "amount": 600,
        "state": "DECLINED",
        "declineCode": "processing_error",
        "reference": "00-1-capture-1",
        "createdAt": found["operations"][1]["createdAt"],
    }


def test_a_payment_that_no_acquirer_decides_has_no_operations(api: Api) -> None:
    api.authorize("a")
    assert read(api, "/payments/1?merchantId=M1")["operations"] == []
    assert read(api, "/operations/payments/1")["operations"] == []


def test_what_the_platform_takes_back_is_an_operators_concern(api: Api, engine: Engine) -> None:
    paid = AtAcquirer(engine)
    for learned in (Learned.UNKNOWN, Learned.NOT_FOUND, Learned.CANCELLED, Learned.APPROVED):
        paid.learn(learned, is_repair=learned is not Learned.UNKNOWN)
    found = read(api, "/payments/1?merchantId=M1")
    assert (found["status"], steps(found)) == ("DECLINED", [("00-1-authorization-1", "FAILED", None)])
    shown = read(api, "/operations/payments/1")
    assert steps(shown) == [("00-1-authorization-1", "REVERSED", None), ("00-1-void-1", "CREATED", None)]
    assert [each["reverses"] for each in shown["operations"]] == [None, 1]
    assert shown["releaseReason"] == "DECLINED"
    assert shown["possible"] == {"capture": 0, "refund": 0, "void": 0}


def test_an_operator_sees_what_is_asked_and_each_answer(api: Api, engine: Engine) -> None:
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED, acquirer_reference="op_1")
    paid.begin(commands.capture(1, "c", 600))
    running = read(api, "/operations/payments/1")
    assert [(each["operation"], each["httpStatus"]) for each in running["answers"]] == [("authorize", 200)]
    paid.learn(Learned.UNKNOWN, answered=False)
    shown = read(api, "/operations/payments/1")
    assert [(each["operation"], each["httpStatus"]) for each in shown["answers"]] == [
        ("authorize", 200),
        ("capture", 202),
    ]
    first, second = shown["operations"]
    assert (first["acquirerReference"], first["nextEnquiryAt"], first["state"]) == ("op_1", None, "APPROVED")
    assert first["decidedAt"] == shown["events"][0]["occurredAt"] == shown["answers"][0]["createdAt"]
    assert (second["state"], second["authorizationReference"]) == ("UNKNOWN", "00-1-authorization-1")
    assert second["nextEnquiryAt"] > second["sentAt"] >= first["decidedAt"]
    assert shown["possible"] == {"capture": 9400, "refund": 0, "void": 0}, "the 600 may become open again"
    paid.learn(Learned.DECLINED, is_repair=True)
    shown = read(api, "/operations/payments/1")
    assert (shown["answers"][1]["httpStatus"], shown["operations"][1]["enquiries"]) == (402, 1)
    assert shown["possible"] == {"capture": 10_000, "refund": 0, "void": 10_000}


def test_what_operators_did_about_an_operation_is_among_its_payments_actions(api: Api, engine: Engine) -> None:
    for key in ("a", "b"):
        AtAcquirer(engine, key).learn(Learned.UNKNOWN, answered=False)
    asked = api.http.post("/acquirer-operations/1/enquire", headers=ADMIN, json={"reason": "asked by phone"})
    assert asked.status_code == 200
    (action,) = read(api, "/operations/payments/1")["actions"]
    assert (action["action"], action["detail"]) == ("acquirer.enquire", "asked by phone")
    assert read(api, "/operations/payments/2")["actions"] == []


@pytest.mark.parametrize("status", ["PROCESSING", "DECLINED"])
def test_lists_and_searches_know_the_new_statuses(api: Api, engine: Engine, status: str) -> None:
    api.authorize("other")
    AtAcquirer(engine, "undecided")
    AtAcquirer(engine, "declined").learn(Learned.DECLINED)
    for path in (f"/payments?merchantId=M1&status={status}", f"/operations/payments?status={status}"):
        (item,) = read(api, path)["items"]
        assert item["status"] == status
        assert item["paymentId"] == (2 if status == "PROCESSING" else 3)
