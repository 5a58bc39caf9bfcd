"""One payment can be followed through every log, and no card number or secret gets into logs, tables or topics."""

import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from stack.mariadb import USER
from stack.platform import DATABASE, Platform, real_platform
from stack.server import Server, program
from tests.integration.worker.workers import everything_in
from tests.servers import until

PLANTED = {False: 250, True: 1000}
VISA = "411111"


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with real_platform({"APP_RATE_LIMIT_PROFILE": "prod"}) as platform:
        yield platform


def post(platform: Platform, path: str, body: object, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(f"{platform.api.url}{path}", json=body, headers=named, timeout=10)


def pay(platform: Platform, key: str, **headers: str) -> requests.Response:
    body = {"merchantId": "M1", "amount": 1000, "currency": "KRW", "idempotencyKey": key}
    return post(platform, "/payments/authorize", body, **headers)


def lines(part: Server, event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in part.log.read_text().splitlines() if f'"{event}"' in line]
    return [line for line in found if line["event"] == event]


def logged(part: Server, event: str, list_name: str, name: str, value: object) -> dict[str, Any] | None:
    """The entry with this value in a line's list."""
    entries = [entry for line in lines(part, event) for entry in line[list_name]]
    return next((entry for entry in entries if entry.get(name) == value), None)


def posted(platform: Platform, payment_id: int) -> list[dict[str, Any]]:
    """The payment's events, once all of them are posted."""
    url = f"{platform.api.url}/payments/{payment_id}?merchantId=M1"
    events: list[dict[str, Any]] = requests.get(url, timeout=10).json()["events"]
    return events if all(event["postedAt"] for event in events) else []


def test_one_payment_is_followed_from_its_request_to_its_posting(platform: Platform) -> None:
    trace_id = f"{random.getrandbits(128):032x}"
    answer = pay(
        platform, "followed", X_Request_Id="from-a-gateway-1", traceparent=f"00-{trace_id}-00f067aa0ba902b7-01"
    )
    payment_id = answer.json()["paymentId"]
    (event,) = until(lambda: posted(platform, payment_id), "it is posted")

    done = until(
        lambda: logged(platform.api, "commands_done", "commands", "requestId", "from-a-gateway-1"), "api's line"
    )
    assert done == {
        "operation": "authorize", "requestId": "from-a-gateway-1", "traceId": trace_id, "outcome": 200,
        "paymentId": payment_id,
    }  # fmt: skip
    (message,) = [each for each in everything_in(platform.kafka.bootstrap) if each.key() == str(payment_id).encode()]
    headers = dict(message.headers() or [])
    assert headers["eventId"] == str(event["eventId"]).encode()
    assert isinstance(headers["traceparent"], bytes)
    assert headers["traceparent"].decode().split("-")[1] == trace_id
    line = until(lambda: logged(platform.ledger, "events_posted", "events", "paymentId", payment_id), "ledger's line")
    assert line == {"eventId": event["eventId"], "paymentId": payment_id, "traceId": trace_id}


def test_a_replay_and_a_refusal_are_told_too(platform: Platform) -> None:
    payment_id = pay(platform, "replayed").json()["paymentId"]
    body = {"merchantId": "M1", "amount": 5000}
    post(platform, f"/payments/capture/{payment_id}", body, X_Request_Id="too-much")
    done = until(lambda: logged(platform.api, "commands_done", "commands", "requestId", "too-much"), "api's line")
    assert (done["operation"], done["outcome"], done["paymentId"]) == ("capture", 409, payment_id)


def card(dice: random.Random) -> str:
    """A valid card number, in one of the usual forms."""
    digits = [int(digit) for digit in VISA] + [dice.randrange(10) for _ in range(9)]
    doubled = [digit * 2 if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    number = "".join(map(str, [*digits, -sum(each // 10 + each % 10 for each in doubled) % 10]))
    groups = [number[start : start + 4] for start in range(0, 16, 4)]
    return dice.choice(["", " ", "-"]).join(groups)


def plant(platform: Platform, number: int, text: str, payment_id: int) -> int:
    """Send the text in each field that accepts text; returns the status of the answer."""
    body: dict[str, Any] = {"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": f"plant-{number}"}
    admin = {"Authorization": f"Bearer {platform.admin_token}"}
    match number % 8:
        case 0:
            return post(platform, "/payments/authorize", body | {"merchantId": text}).status_code
        case 1:
            return post(platform, "/payments/authorize", body | {"idempotencyKey": f"order {text}"}).status_code
        case 2:
            return post(platform, f"/payments/refund/{payment_id}", {"merchantId": "M1", "reason": text}).status_code
        case 3:
            return pay(platform, f"plant-{number}", X_Request_Id=text.replace(" ", "."), traceparent=text).status_code
        case 4:
            return pay(platform, f"plant-{number}", Idempotency_Key=text).status_code
        case 5:
            return post(platform, "/payments/authorize", body | {text: text, "currency": text}).status_code
        case 6:
            capture = {"merchantId": "M1", "amount": 10**9, "idempotencyKey": f"plant-{number}"}
            path = f"/payments/capture/{payment_id}"
            return post(platform, path, capture, X_Request_Id=text.replace(" ", "")).status_code
        case _:
            path = "/circuit-breaker/kafka-publisher/transition"
            return post(platform, path, {"to": "CLOSED", "reason": text}, **admin).status_code


def everything_stored(platform: Platform) -> str:
    command = [
        program("mariadb-dump", "mariadb-client"), "--no-defaults", "--host=127.0.0.1",
        f"--port={platform.mariadb.port}", f"--user={USER}", DATABASE,
    ]  # fmt: skip
    environment = {"MYSQL_PWD": platform.mariadb.address.password}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def everything_published(platform: Platform) -> str:
    messages = everything_in(platform.kafka.bootstrap)
    return "\n".join(f"{message.key()!r} {message.headers()!r} {message.value()!r}" for message in messages)


@pytest.mark.timeout(400)
def test_none_of_the_planted_card_numbers_is_kept(platform: Platform, long: bool) -> None:
    dice = random.Random(20261124)
    cards = [card(dice) for _ in range(PLANTED[long])]
    payment_id = pay(platform, "for-plants").json()["paymentId"]
    answers = [plant(platform, number, text, payment_id) for number, text in enumerate(cards)]
    assert set(answers) == {200, 400, 409}, "accepted without the text, refused because of it, or a conflict"
    last = pay(platform, "after-plants").json()["paymentId"]
    until(lambda: posted(platform, last), "all is posted")

    logs = "\n".join(part.log.read_text() for part in platform.programs.values())
    assert "after-plants" in everything_stored(platform)
    assert f'"paymentId":{last}' in logs
    for place in (logs, everything_stored(platform), everything_published(platform)):
        kept = [text for text in cards if text in place or text.replace(" ", ".") in place]
        assert kept == []
        assert platform.admin_token not in place
        assert platform.mariadb.address.password not in place
