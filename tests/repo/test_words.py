"""The retired words of docs/glossary.md appear nowhere else, in text or in names (`lease_reign`, `ReignOf`)."""

import re
from functools import cache

import pytest

from tests.repo.sources import ROOT, Source, find_nothing, texts

GLOSSARY = "docs/glossary.md"
SECTION = "## Words that we do not use"
NOT_OURS = (GLOSSARY, "tests/repo/test_words.py", "uv.lock", "package-lock.json")
PUBLIC_NAMES = {
    "serverless": ("bench/", "tests/unit/bench/", "docs/performance.md"),
    "gathering": ("ansible/ansible.cfg",),
}
"""Word → where it stays: a part of `make bench` has that name, and so has a setting of Ansible."""


@cache
def retired() -> tuple[str, ...]:
    """Words and phrases in lower case, from the glossary's table."""
    section = (ROOT / GLOSSARY).read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| ([^|]+) \|", section)[1:]
    return tuple(word.strip() for row in rows if not row.startswith("-") for word in row.split(","))


def words(text: str) -> str:
    """The words of `text` in lower case, one space between them; parts of names are words of their own."""
    parts = re.findall(r"[A-Z]?[a-z]+(?:'s)?|[A-Z]+(?![a-z])", text)
    return f" {' '.join(parts).lower()} "


def retired_words(source: Source) -> list[str]:
    """Each retired word of a file, once."""
    if source.path.endswith((*NOT_OURS, ".svg")):
        return []
    there = words(source.text)
    return [
        f"{source.path}: {word}"
        for word in retired()
        if (re.search(rf"\b{word}\b", source.text) if "_" in word else f" {word} " in there)
        and not source.path.startswith(PUBLIC_NAMES.get(word, ()) or "\0")
    ]


def test_no_retired_word_stands_in_the_repository() -> None:
    assert {"reign", "whoever pays"} <= set(retired())
    find_nothing(retired_words, texts())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class Reign:", True),
        ("lease_reign = 1", True),
        ("def reignOf(lease): ...", True),
        ("where processors are short, whoever\n    # pays is served first", True),
        ("amount = in_major_units(1)", True),
        ("# foreign keys, a space, amended", False),
        ("an amount in major units", False),
    ],
)
def test_a_planted_word_is_found(text: str, found: bool) -> None:
    assert bool(retired_words(Source("payments/planted.py", text))) is found
