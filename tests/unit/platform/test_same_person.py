"""Operators that act by more than one way are one person."""

import pytest

from payments.platform.same_person import is_same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("key:kim", "key:kim"),
        ("key:kim", "cli:kim"),
        ("cli:bob", "cli:BOB"),
        ("key:Straße", "cli:STRASSE"),
        ("api:10.0.0.1", "api:10.0.0.2"),  # one admin token, wherever it is sent from
        ("kim", "key:kim"),
    ],
)
def test_one_person_by_two_ways(one: str, other: str) -> None:
    assert is_same_person(one, other)
    assert is_same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("key:kim", "key:lee"), ("cli:kim", "key:kim2"), ("api:10.0.0.1", "key:10.0.0.1"), ("key:cli:kim", "cli:kim")],
)
def test_two_people(one: str, other: str) -> None:
    assert not is_same_person(one, other)
    assert not is_same_person(other, one)
