"""No file names a path of this machine; lock files name only public registries."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.repo.sources import GUARDS, ROOT, Guard, Source, find_nothing, texts

LOCK_FILES = ("uv.lock", "package-lock.json", "pom.xml")
PUBLIC = {
    "pypi.org",
    "files.pythonhosted.org",
    "registry.npmjs.org",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "maven.apache.org",
    "www.w3.org",
}
"""Registries, and the addresses that name XML schemas."""
PEOPLE = (Path("/home"), Path("/Users"))
_ANOTHER_INDEX = re.compile(r"(?m)(--(extra-)?index-url|^\s*(index-url|registry)\s*=\s*\S*://|<mirror>|find-links)")


def speaks_of_this_machine(source: Source) -> list[str]:
    places = {str(ROOT), str(ROOT.parent / "shared")}
    if Path.home().parent in PEOPLE:  # else root's or a service's home, the same on all machines
        places.add(str(Path.home()))
    return [f"{source.path}: {place}" for place in sorted(places) if re.search(rf"{re.escape(place)}\b", source.text)]


def names_a_private_registry(source: Source) -> list[str]:
    found = [f"{source.path}: {match.group().strip()}" for match in _ANOTHER_INDEX.finditer(source.text)]
    if source.path.endswith(LOCK_FILES):
        hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s\"'<>]+", source.text)}
        if source.path.endswith("uv.lock"):
            found += [f"{source.path}: {host}" for host in sorted(filter(None, hosts - PUBLIC))]
        else:
            resolved = re.findall(r"(?:\"resolved\": \"|<url>)https?://([^/\"<]+)", source.text)
            found += [f"{source.path}: {host}" for host in sorted(set(resolved) - PUBLIC)]
    return found


@pytest.mark.parametrize(("home", "found"), [("/home/kim", True), ("/Users/kim", True), ("/srv/service", False)])
def test_the_home_of_a_person_is_of_this_machine(monkeypatch: pytest.MonkeyPatch, home: str, found: bool) -> None:
    monkeypatch.setenv("HOME", home)
    assert bool(speaks_of_this_machine(Source("docs/a.md", f"see {home}/notes.md"))) is found


def test_no_file_speaks_of_this_machine() -> None:
    find_nothing(speaks_of_this_machine, texts())


def test_no_file_names_a_private_registry() -> None:
    files = [source for source in texts() if not source.path.startswith(GUARDS)]
    find_nothing(names_a_private_registry, files)


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (speaks_of_this_machine, "README.md", f"cd {ROOT}\n"),
        (speaks_of_this_machine, "docs/a.md", f"see {ROOT.parent}/shared/notes.md"),
        (names_a_private_registry, "scripts/a.sh", "pip install --index-url https://mirror.example/simple x"),
        (names_a_private_registry, "uv.lock", 'source = { registry = "https://mirror.example/simple" }'),
        (names_a_private_registry, "frontend/package-lock.json", '"resolved": "https://mirror.example/a.tgz"'),
        (names_a_private_registry, "stack/kafka-pom.xml", "<url>https://mirror.example/maven2</url>"),
    ],
)
def test_the_guards_find_planted_breaches(guard: Guard, path: str, text: str) -> None:
    assert guard(Source(path, text))
    assert not guard(Source("README.md", "git clone https://github.com/example/payops && cd payops\n"))
