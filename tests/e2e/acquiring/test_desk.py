"""Operators see what is under way at the acquirer, ask again, and decide by two where nothing more is learned."""

import pytest
from sqlalchemy import Engine, update

from payments.platform.tables.acquirer import acquirer_operation
from tests.e2e.acquiring.platform import Desk, Merchant, Platform, new_key, outcome

Desks = tuple[Desk, Desk]


def unknown(paid: Platform, merchant: Merchant, key: str) -> int:
    """The id of a payment whose authorization is not known."""
    paid.psp.api.faults({"fault": "error_after_success", "kinds": ["authorization"], "count": 1})
    answer = merchant.authorize(key)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["paymentId"])


def give_up(engine: Engine, operation_id: int) -> None:
    """Make it MANUAL, as after a week."""
    where = acquirer_operation.c.operation_id == operation_id
    with engine.begin() as connection:
        connection.execute(update(acquirer_operation).where(where).values(state="MANUAL", next_enquiry_at=None))


@pytest.fixture
def key() -> str:
    """An idempotency key."""
    return new_key()


@pytest.fixture
def given_up(paid: Platform, merchant: Merchant, engine: Engine, key: str) -> int:
    """The id of an operation that nobody asks about any more."""
    operation = paid.desk("kim").operation(unknown(paid, merchant, key))
    give_up(engine, operation["operationId"])
    return int(operation["operationId"])


def test_what_is_under_way(paid: Platform, merchant: Merchant, desks: Desks, key: str) -> None:
    kim, _ = desks
    (before,) = kim.get("/acquirer")["items"]
    number = unknown(paid, merchant, key)
    (after,) = kim.get("/acquirer")["items"]
    assert (after["connector"], after["configured"], after["breaker"]["state"]) == ("simulator", True, "CLOSED")
    assert after["counts"]["UNKNOWN"] == before["counts"]["UNKNOWN"] + 1
    assert after["oldestUndecidedAt"] is not None
    operation = kim.operation(number)
    assert (operation["state"], operation["reference"]) == ("UNKNOWN", f"00-{number}-authorization-1")
    assert (operation["merchantId"], operation["amount"], operation["proposal"]) == (merchant.name, 10_000, None)
    listed = kim.get("/acquirer-operations?state=UNKNOWN&limit=200")["items"]
    assert operation in listed
    assert kim.get(f"/acquirer-operations/{operation['operationId']}") == operation


def test_a_list_goes_on_over_its_pages(paid: Platform, merchant: Merchant, desks: Desks) -> None:
    number = merchant.authorize().json()["paymentId"]
    for _ in range(2):
        assert merchant.step("capture", number, amount=1_000).status_code == 200
    found, cursor = [], ""
    while True:
        page = desks[0].get(f"/acquirer-operations?paymentId={number}&limit=1{cursor}")
        found += [(one["kind"], one["state"]) for one in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert found == [("capture", "APPROVED"), ("capture", "APPROVED"), ("authorization", "APPROVED")]


def test_what_was_given_up_is_asked_about_again(desks: Desks, given_up: int) -> None:
    kim, _ = desks
    path = f"/acquirer-operations/{given_up}"
    asked = kim.post(f"{path}/enquire", reason="the acquirer is back")
    assert outcome(asked)[0] == 200, asked.text
    operation = kim.get(path)
    assert (operation["state"], operation["enquiries"]) == ("UNKNOWN", 0)
    assert operation["nextEnquiryAt"] is not None
    (action, *_) = kim.get("/operator-actions?limit=1")["items"]
    assert (action["action"], action["actor"], action["detail"]) == (
        "acquirer.enquire",
        "key:kim",
        "the acquirer is back",
    )


def test_a_contradiction_is_decided_and_not_asked_about(engine: Engine, desks: Desks, given_up: int) -> None:
    """Its payment has moved on: an answer would end a reservation that is no more."""
    where = acquirer_operation.c.operation_id == given_up
    with engine.begin() as connection:
        connection.execute(update(acquirer_operation).where(where).values(decided_at=acquirer_operation.c.created_at))
    refused = desks[0].post(f"/acquirer-operations/{given_up}/enquire", reason="why not")
    assert outcome(refused) == (409, "ACQUIRER_OPERATION_CONFLICT")


def test_nothing_is_asked_about_what_is_decided(merchant: Merchant, desks: Desks) -> None:
    kim, _ = desks
    operation = kim.operation(merchant.authorize().json()["paymentId"])
    for path, body in (("enquire", {}), ("decide", {"outcome": "DECLINED"})):
        refused = kim.post(f"/acquirer-operations/{operation['operationId']}/{path}", reason="why not", **body)
        assert outcome(refused) == (409, "ACQUIRER_OPERATION_CONFLICT")
    missing = kim.post("/acquirer-operations/999999999/enquire", reason="why not")
    assert outcome(missing) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("decided", "answer", "status"), [("APPROVED", 200, "AUTHORIZED"), ("DECLINED", 402, "DECLINED")]
)
def test_two_operators_decide(
    merchant: Merchant, desks: Desks, given_up: int, key: str, decided: str, answer: int, status: str
) -> None:
    kim, lee = desks
    path = f"/acquirer-operations/{given_up}"
    proposed = kim.post(f"{path}/decide", outcome=decided, reason="their statement of May")
    assert (proposed.json()["state"], proposed.json()["proposal"]) == ("MANUAL", decided)
    assert proposed.json()["proposedBy"] == "key:kim"
    again = kim.post(f"{path}/decide", outcome=decided, reason="really")
    assert outcome(again) == (409, "SECOND_OPERATOR_NEEDED")
    done = lee.post(f"{path}/decide", outcome=decided, reason="I see it, too")
    assert done.json()["state"] == decided, done.text
    assert merchant.authorize(key).status_code == answer
    assert merchant.show(done.json()["paymentId"])["status"] == status
    actions = kim.get("/operator-actions?limit=2")["items"]
    assert [(one["action"], one["actor"]) for one in actions] == [
        ("acquirer.decide", "key:lee"),
        ("acquirer.propose", "key:kim"),
    ]


def test_another_outcome_is_another_proposal(desks: Desks, given_up: int) -> None:
    kim, lee = desks
    path = f"/acquirer-operations/{given_up}/decide"
    kim.post(path, outcome="APPROVED", reason="their statement of May")
    other = lee.post(path, outcome="DECLINED", reason="that is another payment")
    assert (other.json()["state"], other.json()["proposal"]) == ("MANUAL", "DECLINED")
    assert other.json()["proposedBy"] == "key:lee"
    assert kim.post(path, outcome="DECLINED", reason="so it is").json()["state"] == "DECLINED"
