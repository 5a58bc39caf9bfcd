"""Which Python counts as an optimized build."""

import sys

import pytest

from stack.interpreter import Build, described, is_optimized, own_build

PROFILE = "'--enable-optimizations' '--with-lto'"
SHARED = "'--enable-shared' '--prefix=/usr'"


@pytest.mark.parametrize(
    ("build", "optimized"),
    [
        (Build(PROFILE, "/opt/python", on_debian=False), True),
        (Build("'--enable-shared'", "/home/kim/.pyenv/versions/3.11.7", on_debian=True), False),
        (Build(SHARED, "/usr", on_debian=True), True),
        (Build(SHARED, "/usr", on_debian=False), False),
        (Build("", "/usr/local", on_debian=True), False),
    ],
    ids=["says so", "pyenv", "Debian's own", "another system's", "made by hand"],
)
def test_a_build_with_a_profile_is_optimized(build: Build, optimized: bool) -> None:
    assert is_optimized(build) is optimized


def test_it_is_said_in_words() -> None:
    version = ".".join(str(part) for part in sys.version_info[:3])
    assert described(Build(PROFILE, "/usr/local", on_debian=False)) == f"optimized Python {version}"
    assert described(Build("", "/usr/local", on_debian=True)) == f"unoptimized Python {version}"
    assert own_build().prefix == sys.base_prefix
