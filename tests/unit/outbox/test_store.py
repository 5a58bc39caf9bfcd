"""Runs of ids, by which events are marked."""

from payments.outbox.store import runs


def test_a_run_has_no_gap() -> None:
    assert runs([7, 3, 1, 2, 9, 8, 5]) == [(1, 3), (5, 5), (7, 9)]
    assert runs([]) == []
