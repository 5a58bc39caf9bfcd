"""The search for the highest rate that holds, on machines that serve a known rate."""

import pytest

from bench import highest_rate
from bench.parts import authorizations, flows
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS
from bench.report.table import Figure
from tests.unit.bench.machine import Machine


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Machine:
    made = Machine(request.param)
    monkeypatch.setattr(highest_rate, "cpu_seconds", made.cpu_seconds)
    return made


@pytest.mark.parametrize(
    ("machine", "rate", "tried"),
    [
        ([899], 800, [400, 600, 800, 1000, 900]),
        ([900], 900, [400, 600, 800, 1000, 900]),
        ([300], 300, [400, 300]),
        ([500], 500, [400, 600, 500]),
    ],
    indirect=["machine"],
)
def test_it_is_found_in_coarse_steps_and_a_fine_one(machine: Machine, rate: int, tried: list[int]) -> None:
    result = highest_rate.measured(machine.session, "script", 400)
    assert (result.rate, result.holds) == (rate, True)
    assert machine.rates == [*tried, *[rate] * REPEATS]


@pytest.mark.parametrize("machine", [[800, 800, 800, 800, 800, 800, 700]], indirect=True)
def test_a_rate_that_does_not_hold_each_time_is_lowered(machine: Machine) -> None:
    result = highest_rate.measured(machine.session, "script", 400)
    assert result.rate == 700
    assert machine.rates[-2 * REPEATS :] == [800] * REPEATS + [700] * REPEATS


@pytest.mark.parametrize("machine", [[LOW_RATE - 1]], indirect=True)
def test_when_none_holds_the_lowest_is_measured_and_its_rate_is_nought(machine: Machine) -> None:
    assert not highest_rate.measured(machine.session, "script", 400).holds
    rate, *others = authorizations.figures(machine.session)
    assert rate.values == [0.0]
    assert [figure.name for figure in others] == [
        "p95 at 100/s",
        "median at 100/s",
        "CPU of api per authorization at 100/s",
    ]
    assert flows.figures(machine.session)[0].values == [0.0]


@pytest.mark.parametrize("machine", [[500]], indirect=True)
def test_cpu_is_for_a_request_and_flows_count_three(machine: Machine) -> None:
    rate, p95, _median, cpu = authorizations.figures(machine.session)
    assert rate == Figure("authorizations, highest rate with p95 < 100 ms and no error", [500.0], "1/s")
    assert p95.values == [10.0] * REPEATS
    assert cpu.values == [pytest.approx(1000 / (500 * RUN_SECONDS))] * REPEATS
    rate, p95, _cpu = flows.figures(machine.session)
    assert (rate.values, p95.name) == ([1500.0], "p95 at 1500 such requests/s")
