"""Every file of bench/parts is a part of `make bench`; parts keep their public names."""

import pkgutil

from bench import parts
from bench.__main__ import ON_THE_PAGE, PARTS

NAMES = (
    *("full-load", "authorizations", "flows", "lag", "breaker", "lists", "audits", "backlog", "commits", "serverless"),
    *("split", "start", "keys", "wrong-keys", "acquirer", "reconciliation", "beside-import", "tls", "gateway", "mesh"),
)


def test_each_file_is_a_part() -> None:
    modules = {figures.__module__ for figures in PARTS.values()}
    assert modules == {f"bench.parts.{module.name}" for module in pkgutil.iter_modules(parts.__path__)}


def test_names_and_their_order_stay() -> None:
    assert tuple(PARTS) == NAMES


def test_the_page_is_made_of_parts() -> None:
    assert set(ON_THE_PAGE) < set(PARTS)
