"""When the database's clock is trusted: jumps, differences, restarts, reboots, an operator's confirmation."""

from dataclasses import replace

import pytest

from payments.platform.trusted_clock.watch import LONGEST_STOP, ClockWatch, Moment, Trusted

JUMP, QUIET = 300.0, 60.0
YEAR = 366 * 86400.0
START = Moment(database=1.7e9, wall=1.7e9, boot=1000.0, machine="boot-1")


def later(seconds: float, database: float = 0.0, wall: float = 0.0, machine: str = "boot-1") -> Moment:
    """`seconds` after START, with clocks that are so far off."""
    passed = Moment(START.database + seconds, START.wall + seconds, START.boot + seconds, machine)
    return replace(passed, database=passed.database + database, wall=passed.wall + wall)


def watching() -> ClockWatch:
    watch = ClockWatch(JUMP, QUIET)
    assert watch.check(START) is None
    return watch


def restarted(watch: ClockWatch) -> ClockWatch:
    again = ClockWatch(JUMP, QUIET)
    again.trusted = watch.trusted
    return again


def test_clocks_that_go_on_are_believed() -> None:
    watch = watching()
    for second in range(0, 100_000, 100):
        assert watch.check(later(second, database=second * 0.0005)) is None, "slewed by 500 parts in a million"


@pytest.mark.parametrize("jump", [YEAR, -YEAR, JUMP + 1, -JUMP - 1])
@pytest.mark.parametrize("both", [True, False])
def test_a_jump_is_suspect_whether_the_wall_clock_jumps_too_or_not(jump: float, both: bool) -> None:
    watch = watching()
    assert watch.check(later(2, database=jump, wall=jump if both else 0))
    assert watch.check(later(100_000, database=jump, wall=jump if both else 0)), "however long it stays"
    assert watch.trusted == Trusted(START.database, START.database - START.boot, START.boot, "boot-1")


def test_small_steps_are_none() -> None:
    assert watching().check(later(2, database=JUMP - 1)) is None


def test_many_small_jumps_are_a_large_one() -> None:
    watch = watching()
    assert any(watch.check(later(2 * n, database=50.0 * n, wall=50.0 * n)) for n in range(10))


def test_a_wall_clock_alone_that_jumps_is_suspect() -> None:
    assert watching().check(later(2, wall=-YEAR))


def test_clocks_that_differ_from_the_start_are_suspect() -> None:
    assert ClockWatch(JUMP, QUIET).check(later(0, database=YEAR))


def test_after_a_jump_the_clocks_must_agree_for_a_while() -> None:
    watch = watching()
    assert watch.check(later(2, database=YEAR))
    assert watch.check(later(4))
    assert watch.check(later(30, database=YEAR))
    assert watch.check(later(40))
    assert watch.check(later(40 + QUIET - 1))
    assert watch.check(later(40 + QUIET)) is None


@pytest.mark.parametrize("stopped", [0.0, 3600.0])
def test_a_restart_of_the_process_forgets_no_jump(stopped: float) -> None:
    watch = watching()
    assert watch.check(later(2, database=3600, wall=3600))
    assert restarted(watch).check(later(3 + stopped, database=3600, wall=3600))
    assert restarted(watching()).check(later(3 + stopped)) is None


@pytest.mark.parametrize(
    ("passed", "suspect"),
    [(5.0, False), (LONGEST_STOP - 1, False), (LONGEST_STOP + 1, True), (YEAR, True), (-JUMP - 1, True)],
)
def test_after_a_reboot_only_what_cannot_be_is_suspect(passed: float, suspect: bool) -> None:
    elsewhere = later(0, database=passed, wall=passed, machine="boot-2")
    assert bool(restarted(watching()).check(replace(elsewhere, boot=3.0))) is suspect


@pytest.mark.parametrize("both", [True, False])
def test_an_operators_word_is_believed_also_after_a_restart(both: bool) -> None:
    watch = watching()
    moved = later(2, database=YEAR, wall=YEAR if both else 0)
    assert watch.check(moved)
    watch.accept(moved)
    assert watch.check(later(4, database=YEAR, wall=YEAR if both else 0)) is None
    assert restarted(watch).check(later(9, database=YEAR, wall=YEAR if both else 0)) is None
    assert watch.check(later(10_000, database=YEAR, wall=YEAR if both else 0)) is None
    assert watch.check(later(10_002, database=2 * YEAR, wall=YEAR if both else 0)), "the next jump is another one"
