"""The admission script in Redis: windows, stored answers, restarts, outages."""

from collections.abc import Iterator

import pytest
from redis import Redis

from payments.payment.admission import Admission, AdmissionResult, Attempt, Refusal
from payments.payment.answers import StoredAnswer
from payments.payment.commands import Key
from payments.platform.identity import Platform
from payments.platform.redis.client import LATE, LEFT_OUT, TIMEOUT, Outage, connect
from stack.redis import RedisServer

LIMITS = {"authorize": (2, 60), "capture": (2, 60), "refund": (0, 60)}
PLATFORM = Platform("f" * 32, b"s" * 32)
WINDOW = f"payops:{PLATFORM.id}:window:authorize:M1"
ANSWERS = f"payops:{PLATFORM.id}:answer:*"
ANSWER = StoredAnswer("d" * 64, 200, '{"text":"two\nlines, é"}')


class Clock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def admission(client: Redis, clock: Clock) -> Admission:
    return make_admission(client, clock)


def make_admission(client: Redis, clock: Clock, platform: Platform | None = PLATFORM) -> Admission:
    return Admission(client, Outage(clock), lambda: platform, LIMITS, 600)


def key(number: int, operation: str = "authorize", merchant: str = "M1") -> Key:
    return Key(merchant, operation, f"k{number}")


def ask(admission: Admission, *keys: Key, address: str = "10.0.0.1") -> list[AdmissionResult]:
    return admission.admit([Attempt(key, address) for key in keys])


def test_a_window_starts_at_its_first_request_and_lets_so_many_pass(admission: Admission, client: Redis) -> None:
    results = ask(admission, *(key(number) for number in range(4)))
    assert [result.allowed for result in results] == [True, True, False, False]
    assert [result.window.remaining for result in results if result.window] == [1, 0, 0, 0]
    assert client.get(WINDOW) == b"2"
    assert 59_000 < client.pttl(WINDOW) <= 60_000


def test_a_window_that_is_over_starts_anew(admission: Admission, client: Redis) -> None:
    ask(admission, key(0), key(1), key(2))
    client.delete(WINDOW)  # what Redis does by itself after 60 s
    assert ask(admission, key(3))[0].allowed


def test_a_counter_without_an_end_gets_one(admission: Admission, client: Redis) -> None:
    client.set(WINDOW, 2)
    assert ask(admission, key(0))[0].allowed
    assert client.pttl(WINDOW) > 0


def test_merchants_and_operations_have_windows_of_their_own(admission: Admission) -> None:
    ask(admission, key(0), key(1))
    others = [key(2, merchant="m1"), key(2, "capture"), key(2, "void"), key(2, "refund")]
    assert [result.allowed for result in ask(admission, *others)] == [True] * 4
    assert [result.allowed for result in ask(admission, key(3, "capture"), key(3, "void"))] == [False, False]


def test_an_operation_without_a_limit_has_no_window(admission: Admission) -> None:
    assert ask(admission, key(0, "refund"))[0].window is None


def test_a_remembered_answer_comes_back_as_it_was_and_is_not_counted(admission: Admission, client: Redis) -> None:
    admission.remember({key(0): ANSWER, key(0, "refund"): ANSWER})
    found = ask(admission, key(0), key(0, "refund"), key(1))
    assert [result.answer for result in found] == [ANSWER, ANSWER, None]
    assert client.get(WINDOW) == b"1"
    ask(admission, key(2), key(3))
    assert ask(admission, key(0))[0].answer == ANSWER
    (stored,) = client.keys(ANSWERS.replace("*", "authorize:*"))
    assert 599 <= client.ttl(stored) <= 600


def test_answers_travel_with_the_next_question_or_by_themselves(admission: Admission, client: Redis) -> None:
    admission.remember({key(0): ANSWER})
    assert client.keys(ANSWERS) == [], "remembering asks Redis nothing"
    admission.flush()
    assert len(client.keys(ANSWERS)) == 1
    admission.remember({key(1): ANSWER})
    assert [result.answer for result in ask(admission, key(1), key(2))] == [ANSWER, None]
    before = client.info("commandstats")["cmdstat_set"]["calls"]
    admission.flush()
    assert client.info("commandstats")["cmdstat_set"]["calls"] == before, "nothing is sent twice"


def test_each_request_of_a_batch_gets_its_own_answer(admission: Admission) -> None:
    answers = {key(number): StoredAnswer(str(number) * 64, 200, f"{number}") for number in (1, 3)}
    admission.remember(answers)
    found = ask(admission, key(0), key(1), key(2), key(3), key(4))
    assert [result.answer for result in found] == [None, answers[key(1)], None, answers[key(3)], None]
    assert [result.refusal for result in found] == [None, None, None, None, Refusal.MERCHANT]
    assert [result.unseen for result in found] == [True, False, True, False, True]


def test_a_full_redis_still_finds_answers(own_redis: RedisServer, clock: Clock) -> None:
    with connect(own_redis.url) as client:
        admission = make_admission(client, clock)
        admission.remember({key(0, "refund"): ANSWER})
        admission.flush()
        client.config_set("maxmemory", 1)
        admission.remember({key(1, "refund"): ANSWER})
        found = ask(admission, key(0, "refund"), key(1, "refund"))
    assert [(result.answer, result.unseen) for result in found] == [(ANSWER, False), (None, True)]


def test_answers_that_redis_could_not_take_are_dropped(own_redis: RedisServer, clock: Clock) -> None:
    admission = make_admission(connect(own_redis.url), clock)
    own_redis.kill()
    admission.remember({key(0): ANSWER})
    admission.flush()
    own_redis.start()
    clock.now += LEFT_OUT
    assert ask(admission, key(0))[0].answer is None


def test_answers_of_texts_that_look_alike_are_told_apart(admission: Admission) -> None:
    admission.remember({Key("a", "refund", "b:c"): ANSWER, Key("a:1", "refund", "x"): ANSWER})
    near = [
        Key("a:b", "refund", "c"),
        Key("a", "refund", "1:x"),
        Key("a", "refund", "b:c\0"),
        Key("", "refund", "a:b:c"),
    ]
    assert [result.answer for result in ask(admission, *near)] == [None] * 4


def test_a_redis_that_forgot_the_script_learns_it_again(admission: Admission, client: Redis) -> None:
    ask(admission, key(0))
    client.script_flush()
    assert [result.allowed for result in ask(admission, key(1), key(2))] == [True, False]


def test_windows_are_read_without_counting(admission: Admission) -> None:
    assert admission.windows("M1")["authorize"].remaining == 2
    ask(admission, key(0), key(0, "void"))
    found = admission.windows("M1")
    assert {name: window.remaining for name, window in found.items()} == {"authorize": 1, "capture": 1}
    assert admission.windows("M1")["authorize"].remaining == 1


@pytest.mark.parametrize("how", ["freeze", "kill"])
def test_while_redis_is_away_everything_passes_and_one_a_second_looks_after_it(
    own_redis: RedisServer, clock: Clock, how: str
) -> None:
    admission = make_admission(connect(own_redis.url), clock)
    assert not ask(admission, key(0), key(1), key(2))[2].allowed
    getattr(own_redis, how)()
    for number in range(3):
        result = ask(admission, key(number))[0]
        assert (result.allowed, result.failed_open, result.window) == (True, True, None)
    assert not ask(admission, key(9, "refund"))[0].failed_open  # it has no limit
    admission.remember({key(0): ANSWER})
    assert admission.windows("M1") == {}
    assert not admission.ping()
    clock.now += LEFT_OUT
    assert ask(admission, key(0))[0].failed_open
    own_redis.thaw() if how == "freeze" else own_redis.start()
    assert ask(admission, key(0))[0].failed_open  # Redis is still skipped for a second
    clock.now += LEFT_OUT
    assert not ask(admission, key(0))[0].failed_open
    assert admission.ping()


class Flaky:
    """A call that fails a number of times, each after some seconds."""

    def __init__(self, clock: Clock, failures: int, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self.failures = failures
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            self._clock.now += self._seconds
            raise TimeoutError
        return "answer"


def test_one_caller_a_second_tries_a_redis_that_fails(clock: Clock) -> None:
    outage = Outage(clock)
    broken = Flaky(clock, 2, TIMEOUT)
    assert [outage.ask(broken) for _ in range(3)] == [None] * 3
    assert broken.calls == 1
    clock.now += LEFT_OUT
    assert [outage.ask(broken) for _ in range(3)] == [None] * 3
    assert broken.calls == 2
    clock.now += LEFT_OUT
    assert [outage.ask(broken) for _ in range(3)] == ["answer"] * 3


def test_a_timeout_that_came_late_says_nothing_about_redis(clock: Clock) -> None:
    late = Flaky(clock, 1, LATE)
    assert Outage(clock).ask(late) == "answer"
    assert late.calls == 2
    hopeless = Flaky(clock, 9, LATE)
    assert Outage(clock).ask(hopeless) is None
    assert hopeless.calls == 2
