"""An acquirer that is down: nothing is done, the same key works afterwards, and other merchants do not notice."""

from collections.abc import Callable
from typing import Any

from payments.acquiring.gate import LIMITS
from tests.e2e.acquiring.platform import Merchant, Platform, new_key, outcome
from tests.e2e.gunicorn import ApiServer, samples
from tests.psp.simulator import Simulator
from tests.servers import until

OPEN = 'acquirer_breaker_state{connector="simulator",state="open"}'
DOWN = (503, "ACQUIRER_UNAVAILABLE")


def at(api: ApiServer, merchant: Merchant) -> Merchant:
    """The merchant at another instance."""
    return Merchant(api, merchant.name, merchant.headers)


def test_an_acquirer_that_is_down(platform: Platform, merchant: Merchant, make_api: Callable[..., Any]) -> None:
    psp = Simulator()
    with make_api(psp) as api, psp:
        here, key = at(api, merchant), new_key()
        replayed = here.authorize("before")
        number = replayed.json()["paymentId"]
        psp.stop()
        refused = here.authorize(key)
        assert outcome(refused) == DOWN
        assert int(refused.headers["Retry-After"]) >= 1
        assert outcome(here.step("capture", number, key)) == DOWN
        psp.start()
        done = here.authorize(key)
        assert outcome(done) == (200, "AUTHORIZED"), done.text
        assert here.step("capture", number, key).json()["capturedAmount"] == 10_000
        references = [entry["reference"] for entry in psp.api.journal()][-2:]
        assert references == [f"00-{done.json()['paymentId']}-authorization-2", f"00-{number}-capture-2"]


def test_its_breaker_opens_and_closes_again(
    platform: Platform, merchant: Merchant, make_api: Callable[..., Any]
) -> None:
    psp = Simulator()
    other = platform.add_merchant(f"{merchant.name}-none", connector="none")
    with make_api(psp) as api, psp:
        here, paid_by_nobody = at(api, merchant), at(api, other)
        known = new_key()
        first = here.authorize(known)
        assert first.status_code == 200, first.text
        psp.stop()
        for _ in range(LIMITS.minimum_number_of_calls):
            assert outcome(here.authorize()) == DOWN
        assert samples(api)[OPEN] == 1
        counted = samples(api)["commit_batch_size_count"]
        assert outcome(here.authorize()) == DOWN
        assert samples(api)["commit_batch_size_count"] == counted, "refused without a transaction"
        assert here.authorize(known).text == first.text
        assert outcome(paid_by_nobody.authorize(token=None)) == (200, "AUTHORIZED")
        shown = platform.desk("kim")
        breaker = type(shown)(api, shown.headers).get("/acquirer")["items"][0]["breaker"]
        assert breaker["state"] == "OPEN"
        psp.start()
        until(lambda: here.authorize().status_code == 200, "its breaker lets a call through", interval=0.5)
        until(lambda: here.authorize().status_code == 200 and samples(api)[OPEN] == 0, "it closes")


def test_where_no_acquirer_is_configured(platform: Platform, merchant: Merchant, make_api: Callable[..., Any]) -> None:
    names = ("URL", "KEY", "PUBLIC_URL", "PUBLISHABLE_KEY")
    with make_api(platform.psp, **dict.fromkeys((f"APP_ACQUIRER_{name}" for name in names), "")) as api:
        here, number = at(api, merchant), merchant.authorize().json()["paymentId"]
        assert outcome(here.authorize()) == DOWN
        assert outcome(here.step("void", number)) == DOWN
        assert merchant.step("void", number).status_code == 200
        tokens = api.get("/shop/acquirer").json()
        assert tokens == {"connector": "simulator", "tokensUrl": None, "publishableKey": None}
