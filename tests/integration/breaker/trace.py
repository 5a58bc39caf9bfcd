"""Random configurations and traces for a circuit breaker, and our breaker's state at each step as the oracle's text."""

import random
import struct
from typing import Final

from payments.breaker.rules import Breaker, BreakerConfig, CallOutcome, State

START: Final = 1_000_000
"""The oracle's clock at the start of each trace, in milliseconds."""
NAMES: Final = ("CLOSED", "OPEN", "HALF_OPEN", "DISABLED", "FORCED_OPEN")


def random_config(dice: random.Random) -> BreakerConfig:
    """Small windows, so that boundaries occur often. Durations in milliseconds."""
    return BreakerConfig(
        sliding_window_size=dice.randint(1, 12),
        minimum_number_of_calls=dice.randint(1, 14),
        failure_rate_threshold=dice.choice([1.0, 33.333332, 50.0, 66.66667, 100.0, dice.uniform(0.5, 100)]),
        slow_call_rate_threshold=dice.choice([1.0, 50.0, 100.0, dice.uniform(0.5, 100)]),
        slow_call_duration=dice.randint(1, 5),
        wait_duration=dice.randint(1, 20),
        permitted_calls_in_half_open=dice.randint(1, 6),
    )


def random_steps(dice: random.Random, config: BreakerConfig, length: int) -> list[str]:
    """Steps in any order: results without a call, overlapping calls, illegal transitions."""
    operators = dice.choice([0, 0, 1, 4])
    weights = [30, 22, 22, 5, 14, operators]
    wait = int(config.wait_duration)
    values = {
        "S": lambda: str(dice.randint(0, 7)),
        "E": lambda: str(dice.randint(0, 7)),
        "T": lambda: str(dice.choice([1, wait, wait + 1, dice.randint(0, 2 * wait)])),
        "M": lambda: dice.choice(NAMES),
    }
    return [kind + values.get(kind, str)() for kind in dice.choices("ASEITM", weights, k=length)]


def encode(config: BreakerConfig, steps: list[str]) -> str:
    """The oracle's input line."""
    numbers = (
        f"{config.sliding_window_size} {config.minimum_number_of_calls} {config.failure_rate_threshold!r}"
        f" {config.slow_call_rate_threshold!r} {config.slow_call_duration:.0f} {config.wait_duration:.0f}"
        f" {config.permitted_calls_in_half_open}"
    )
    return f"{numbers}|{' '.join(steps)}"


def observe(config: BreakerConfig, steps: list[str]) -> list[str]:
    """Our breaker's state after each step."""
    now = START
    breaker = Breaker(config, now)
    seen = []
    for step in steps:
        if step[0] == "T":
            now += int(step[1:])
        seen.append(f"{_apply(breaker, step, now)},{_shown(breaker)}")
    return seen


def _apply(breaker: Breaker, step: str, now: int) -> str:
    kind, value = step[0], step[1:]
    if kind == "A":
        return "1" if breaker.acquire(now) else "0"
    if kind == "M":
        return "1" if breaker.move(State(value), now) else "0"
    if kind == "I":
        breaker.release(now)
    elif kind in "SE":
        breaker.record(CallOutcome.SUCCESS if kind == "S" else CallOutcome.ERROR, int(value), now)
    return "-"


def _shown(breaker: Breaker) -> str:
    c = breaker.counters
    rates = ",".join(str(struct.unpack("i", struct.pack("f", rate))[0]) for rate in (c.failure_rate, c.slow_call_rate))
    return f"{breaker.state},{c.successful},{c.failed},{c.slow_successful},{c.slow_failed},{c.not_permitted},{rates}"


def differences(steps: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """Steps at which the two breakers differ.

    From OPEN after FORCED_OPEN or DISABLED until the next new window, the window's results are not compared: in
    Resilience4j that window has size 0 and raises at the next result; ours has full size.
    """
    found = []
    before, defect = "CLOSED", False
    for number, (step, our, their) in enumerate(zip(steps, ours, theirs, strict=True)):
        state = their.split(",")[1]
        if step == "MOPEN" and (before in ("FORCED_OPEN", "DISABLED") or defect):
            defect = True
        elif state != "OPEN" or step[0] == "M":
            defect = False
        same = _without_results(our) == _without_results(their) if defect else our == their
        if not same:
            found.append(f"step {number} {step}: ours {our}, theirs {their}")
        before = state
    return found


def _without_results(shown: str) -> tuple[str, str, str]:
    """Permission, state and refusals of one step; a result that raised counts like an accepted one."""
    fields = shown.split(",")
    return (fields[0].replace("!", "-"), fields[1], fields[6])
