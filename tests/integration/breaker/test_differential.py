"""Runs our breaker and the real Resilience4j with the same random traces: their states are equal after each step."""

import os
import random
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from payments.breaker.rules import Breaker, BreakerConfig, CallOutcome, State
from stack import maven
from stack.server import program
from tests.integration.breaker.trace import NAMES, differences, encode, observe, random_config, random_steps

HERE = Path(__file__).parent
STEPS = 60


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    libs = f"{maven.fetch(HERE / 'breaker-oracle-pom.xml', 'breaker-oracle') / 'libs'}/*"
    classes = tmp_path_factory.mktemp("oracle")
    javac = program("javac", "default-jdk-headless")
    subprocess.run([javac, "-cp", libs, "-d", str(classes), str(HERE / "BreakerOracle.java")], check=True)
    java = [program("java", "default-jdk-headless"), "-cp", f"{libs}{os.pathsep}{classes}", "BreakerOracle"]
    with subprocess.Popen(
        java, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def ask(oracle: subprocess.Popen[str], line: str) -> list[str]:
    assert oracle.stdin is not None
    assert oracle.stdout is not None
    oracle.stdin.write(line + "\n")
    oracle.stdin.flush()
    return oracle.stdout.readline().split()


@pytest.mark.timeout(7200)
def test_ours_is_the_real_one(oracle: subprocess.Popen[str], long: bool) -> None:
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    states: set[str] = set()
    for number in range(1_000_000 if long else 5_000):
        config = random_config(dice)
        steps = random_steps(dice, config, STEPS)
        theirs = ask(oracle, encode(config, steps))
        found = differences(steps, observe(config, steps), theirs)
        assert not found, f"seed {seed}, trace {number}, {config}:\n{' '.join(steps)}\n" + "\n".join(found[:5])
        states.update(shown.split(",")[1] for shown in theirs)
    assert states == set(NAMES), "the traces come everywhere"


def test_the_comparison_sees_a_difference(oracle: subprocess.Popen[str]) -> None:
    config = BreakerConfig(2, 1, 50.0, 100.0, 5, 10, 1)
    theirs = ask(oracle, encode(config, ["E0", "A", "T10", "A", "T1", "A"]))
    other = BreakerConfig(2, 1, 50.0, 100.0, 5, 9, 1)
    assert differences(["E0", "A", "T10", "A", "T1", "A"], observe(other, ["E0", "A", "T10", "A", "T1", "A"]), theirs)


@pytest.mark.parametrize("forced", [State.FORCED_OPEN, State.DISABLED])
def test_open_after_a_forced_state_has_all_its_slots(forced: State) -> None:
    """Resilience4j has a window of size 0 there, and raises at the next result; ours does not."""
    breaker = Breaker(BreakerConfig(sliding_window_size=20), 0)
    breaker.move(forced, 0)
    breaker.move(State.OPEN, 0)
    for _ in range(25):
        breaker.record(CallOutcome.ERROR, 0, 0)
    assert (breaker.state, breaker.counters.buffered) == (State.OPEN, 20)


def test_open_after_forced_open_keeps_the_refusals() -> None:
    breaker = Breaker(BreakerConfig(), 0)
    breaker.move(State.FORCED_OPEN, 0)
    assert not any(breaker.acquire(0) for _ in range(3))
    breaker.move(State.OPEN, 0)
    assert breaker.counters.not_permitted == 3


def test_the_wait_ends_by_itself() -> None:
    breaker = Breaker(BreakerConfig(wait_duration=30), 0)
    breaker.move(State.OPEN, 0)
    breaker.tick(29.9)
    assert breaker.state is State.OPEN
    breaker.tick(30)
    assert breaker.state is State.HALF_OPEN


@pytest.mark.parametrize(
    ("outcome", "end_state"), [(CallOutcome.SUCCESS, State.CLOSED), (CallOutcome.ERROR, State.OPEN)]
)
def test_forced_half_open_is_entered_by_an_operator_and_ends_by_its_trial_calls(
    outcome: CallOutcome, end_state: State
) -> None:
    breaker = Breaker(BreakerConfig(permitted_calls_in_half_open=2), 0)
    assert not breaker.move(State.HALF_OPEN, 0)
    assert breaker.move(State.FORCED_HALF_OPEN, 0)
    assert [breaker.acquire(0) for _ in range(3)] == [True, True, False]
    breaker.record(outcome, 0, 0)
    assert breaker.state is State.FORCED_HALF_OPEN
    breaker.record(outcome, 0, 0)
    assert breaker.state is end_state
