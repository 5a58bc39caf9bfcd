"""Links between pages lead to what is there, also to a heading of it."""

import re
from pathlib import PurePosixPath

import pytest

from tests.repo.sources import ROOT, Source, find_nothing, texts

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """As GitHub makes them: small letters, hyphens for spaces, and without most other signs."""
    heads = _HEADING.findall(_FENCE.sub("", page))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def lost_links(source: Source) -> list[str]:
    folder, found = PurePosixPath(source.path).parent, []
    for target, anchor in _LINK.findall(_FENCE.sub("", source.text)):
        page = ROOT / folder / target
        if target and not page.exists():
            found.append(f"{source.path} links to {target}, which is not there")
        elif anchor and (page.suffix == ".md" or not target):
            text = page.read_text(encoding="utf-8") if target else source.text
            if anchor not in anchors(text):
                found.append(f"{source.path} links to #{anchor} of {target or 'itself'}, which is no heading")
    return found


def test_each_link_leads_somewhere() -> None:
    find_nothing(lost_links, [source for source in texts() if source.path.endswith(".md")])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[a](no-such-page.md)", 1),
        ("# A b\n[a](#a-b) [b](#a-c)", 1),
        ("[a](testing.md#how-long), [b](testing.md#how-short), ![c](pictures/none.png)", 2),
        ("[a](https://example.com/none), [b](../README.md)\n```\n[c](none.md)\n```\n", 0),
    ],
)
def test_a_planted_one_is_found(text: str, count: int) -> None:
    assert len(lost_links(Source("docs/a.md", text))) == count
