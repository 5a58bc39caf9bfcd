"""What a request could not learn housekeeping learns: the same key then has its answer, and nothing happened twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import requests

from stack.platform import Worker
from tests.e2e.acquiring.platform import Merchant, Platform, new_key, outcome
from tests.e2e.gunicorn import ROOT
from tests.servers import until


@pytest.fixture(scope="module")
def housekeeping(platform: Platform) -> Iterator[None]:
    """Housekeeping of the shared platform."""
    worker = Worker("housekeeping")
    names = ("DATABASE_URL", "APP_ACQUIRER_URL", "APP_ACQUIRER_KEY")
    worker.environment = {"PYTHONPATH": str(ROOT), **{name: platform.api.environment[name] for name in names}}
    with worker:
        yield


def answered(merchant: Merchant, key: str) -> requests.Response:
    """The final answer of an authorization, once it has one."""

    def ask() -> list[requests.Response]:
        answer = merchant.authorize(key)
        return [] if outcome(answer) in ((202, "PROCESSING"), (409, "REQUEST_IN_PROGRESS")) else [answer]

    (found,) = until(ask, "it is decided")
    return cast(requests.Response, found)


def asked_in_time(paid: Platform, key: str, merchant: Merchant) -> int:
    """The id of the payment with this key, once its authorization is at the acquirer."""

    def find() -> int | None:
        items = paid.desk("kim").get(f"/operations/payments?merchantId={merchant.name}&idempotencyKey={key}")["items"]
        number = int(items[0]["paymentId"]) if items else None
        return number if number and paid.asked(number) else None

    return int(until(find, "the acquirer is asked"))


@pytest.mark.usefixtures("housekeeping")
def test_it_had_happened(paid: Platform, merchant: Merchant) -> None:
    paid.psp.api.faults({"fault": "error_after_success", "kinds": ["authorization"], "count": 1})
    key = new_key()
    first = merchant.authorize(key)
    assert outcome(first) == (202, "PROCESSING")
    done = answered(merchant, key)
    assert outcome(done) == (200, "AUTHORIZED")
    assert done.json()["paymentId"] == first.json()["paymentId"]
    assert paid.asked(first.json()["paymentId"]) == ["authorization", "enquiry"]


@pytest.mark.usefixtures("housekeeping")
def test_it_had_not_happened_and_a_new_key_pays(paid: Platform, merchant: Merchant) -> None:
    paid.psp.api.faults({"fault": "down", "kinds": ["authorization"], "count": 1})
    key = new_key()
    first = merchant.authorize(key)
    assert outcome(first) == (202, "PROCESSING")
    done = answered(merchant, key)
    assert outcome(done) == (402, "PAYMENT_DECLINED")
    assert done.json()["declineCode"] == "not_processed"
    assert paid.asked(first.json()["paymentId"]) == ["authorization", "enquiry", "cancel"]
    assert outcome(merchant.authorize()) == (200, "AUTHORIZED")


@pytest.mark.usefixtures("housekeeping")
def test_an_acquirer_that_takes_its_time_is_not_cancelled(paid: Platform, merchant: Merchant) -> None:
    """Housekeeping asks after 2 s, while the request still waits for its answer."""
    paid.psp.api.faults({"fault": "latency", "kinds": ["authorization"], "seconds": 2.6, "count": 1})
    done = answered(merchant, new_key())  # on a busy machine the request gives up first
    assert outcome(done) == (200, "AUTHORIZED")
    assert "cancel" not in paid.asked(done.json()["paymentId"])


@pytest.mark.usefixtures("housekeeping")
def test_a_client_that_goes_away_loses_nothing(paid: Platform, merchant: Merchant) -> None:
    paid.psp.api.faults({"fault": "latency", "kinds": ["authorization"], "seconds": 1, "count": 1})
    key = new_key()
    body = {"amount": 10_000, "currency": "KRW", "idempotencyKey": key, "paymentMethod": "tok_approved"}
    with pytest.raises(requests.Timeout):
        requests.post(f"{paid.api.url}/payments/authorize", json=body, headers=merchant.headers, timeout=0.3)
    done = answered(merchant, key)
    assert outcome(done) == (200, "AUTHORIZED")
    assert paid.asked(done.json()["paymentId"]).count("authorization") == 1


@pytest.mark.usefixtures("housekeeping")
def test_an_api_that_is_killed_in_mid_call_loses_nothing(
    paid: Platform, merchant: Merchant, make_api: Callable[..., Any]
) -> None:
    paid.psp.api.faults({"fault": "timeout_after_success", "kinds": ["authorization"], "count": 1})
    key = new_key()
    with make_api(paid.psp) as api, ThreadPoolExecutor(1) as pool:
        lost = pool.submit(Merchant(api, merchant.name, merchant.headers).authorize, key)
        number = asked_in_time(paid, key, merchant)
        api.kill()
        assert isinstance(lost.exception(), requests.RequestException)
    done = answered(merchant, key)
    assert outcome(done) == (200, "AUTHORIZED")
    assert done.json()["paymentId"] == number
    assert paid.asked(number).count("authorization") == 1
