"""Roles and playbooks read alike: how tasks are named, how defaults are described."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.repo.roles import ANSIBLE, ROLES, options, read, tasks

VERBS: Final = {
    "Add", "Allow", "Apply", "Audit", "Build", "Check", "Close", "Collect", "Configure", "Connect", "Copy", "Create",
    "Download", "Dump", "Enable", "Fetch", "Find", "Format", "Go", "Grant", "Hash", "Install", "Link", "Load", "Mark",
    "Migrate", "Open", "Pack", "Provision", "Publish", "Put", "Read", "Refuse", "Reload", "Remember", "Remove",
    "Replace", "Report", "Reset", "Restart", "Set", "Show", "Start", "Stop", "Switch", "Take", "Trust", "Unpack",
    "Wait", "Write",
}  # fmt: skip
"""What a task may begin with. Another verb is welcome; a noun or a statement is not."""
LONGEST_NAME: Final = 80
_PUNCTUATION: Final = re.compile(r"[.:;!?()\"]")
_PRONOUN: Final = re.compile(r"\b(it|them|they)\b")
_QUANTITY: Final = re.compile(r"\d+[A-Za-z]+")
_UNIT: Final = re.compile(
    r"\b(seconds|hours|days|duration|MB|size|percent|MemoryMax|Xmx"
    r"|requests|connections|processes|proxies|releases|builds)\b",
    re.IGNORECASE,
)
WITH_TASKS: Final = sorted(
    path
    for pattern in ("*.yml", "tasks/*.yml", "roles/*/tasks/*.yml", "roles/*/handlers/*.yml")
    for path in ANSIBLE.glob(pattern)
)


def badly_named(names: Iterable[str]) -> list[str]:
    """Names that are not one imperative sentence, without a full stop, that can be understood alone."""
    found = []
    for name in names:
        plain = re.sub(r"\{\{.*?\}\}", "x", name)
        if plain.split(" ")[0] not in VERBS:
            found.append(f"{name}: begins with none of the verbs")
        if _PUNCTUATION.search(plain) or _PRONOUN.search(plain) or len(plain) > LONGEST_NAME:
            found.append(f"{name}: has punctuation, a pronoun or more than {LONGEST_NAME} characters")
    return found


def task_names(path: Path) -> list[str]:
    """Of a file of tasks or handlers, or of a playbook's plays."""
    entries: list[dict[str, Any]] = read(path) or []
    if not any("hosts" in entry for entry in entries):
        return [task["name"] for task in tasks(entries)]
    return [task["name"] for play in entries for task in tasks(play.get("tasks"))]


def comments(defaults: str) -> dict[str, str]:
    """The comment right above each variable of a defaults/main.yml, as one line; empty when there is none."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in defaults.splitlines():
        if line.startswith("# "):
            above.append(line[2:])
            continue
        if variable := re.match(r"(\w+):", line):
            found[variable[1]] = " ".join(above)
        above = []
    return found


def badly_described(defaults: str, specs: dict[str, dict[str, Any]]) -> list[str]:
    """Variables whose comment is not the description of the specs, or is no sentence, or counts without a unit."""
    found = []
    values = yaml.safe_load(defaults) or {}
    for name, comment in comments(defaults).items():
        value, described = values[name], re.sub(r"C\((.*?)\)", r"`\1`", specs[name]["description"]).strip()
        if comment != described:
            found.append(f"{name}: the comment {comment!r} is not the description {described!r}")
        if not re.fullmatch(r"[A-Z`].*\.", comment):
            found.append(f"{name}: {comment!r} is no sentence")
        counts = type(value) is int or (isinstance(value, str) and _QUANTITY.fullmatch(value))
        if counts and not name.endswith("_port") and not _UNIT.search(comment):
            found.append(f"{name}: {comment!r} says no unit")
    return found


@pytest.mark.parametrize("path", WITH_TASKS, ids=lambda path: str(path.relative_to(ANSIBLE)))
def test_tasks_are_named_alike(path: Path) -> None:
    assert badly_named(task_names(path)) == []


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_described_alike(role: str) -> None:
    defaults = (ANSIBLE / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8")
    assert badly_described(defaults, options(role)) == []


@pytest.mark.parametrize("role", ROLES)
def test_specs_begin_with_the_description(role: str) -> None:
    assert [name for name, spec in options(role).items() if next(iter(spec)) != "description"] == []


@pytest.mark.parametrize(
    "name",
    [
        "This is Debian 12 or newer",
        "The exporter answers",
        "install the package",
        "Install the package.",
        "Migrate the database; nothing is lost",
        "Restart now what has changed (or start it)",
        "Put it on the path",
        "Replace instance: {{ port }}",
        "Write " + "the same " * 10,
    ],
)
def test_a_planted_name_is_found(name: str) -> None:
    assert badly_named([name])


def test_names_that_are_right_pass() -> None:
    assert badly_named(["Restart {{ a.b | default('x') }}", "Link k6 into the path", "Check Kafka's answer"]) == []


def test_names_of_blocks_and_plays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text("- name: Every machine\n  hosts: all\n  tasks:\n    - name: A\n      block:\n        - name: B\n")
    assert task_names(path) == ["A", "B"]


@pytest.mark.parametrize(
    "defaults",
    [
        "a_seconds: 3\n",
        "# Seconds between two tries.\n\na_seconds: 3\n",
        "# seconds between two tries\na_seconds: 3\n",
        "# Another thing.\na_seconds: 3\n",
        "# Seconds between\n# two tries.\na_seconds: 3\n# Time between two scrapes.\na_interval: 10s\n",
        "# Seconds between two tries.\na_seconds: 3\n# Builds run here.\na_count: 7\n# Where it is.\na_many: 7\n",
    ],
)
def test_a_planted_default_is_found(defaults: str) -> None:
    specs = {
        "a_seconds": {"description": "Seconds between two tries."},
        "a_interval": {"description": "Time between two scrapes."},
        "a_count": {"description": "Builds run here."},
        "a_many": {"description": "Where it is."},
    }
    assert len(badly_described(defaults, specs)) >= 1


def test_defaults_that_are_right_pass() -> None:
    defaults = "# Seconds between\n# two tries of `a`.\na_seconds: 3\n\n# Port.\na_port: 80\n# Whether.\na_is: true\n"
    described = {"a_seconds": "Seconds between two tries of C(a).", "a_port": "Port.", "a_is": "Whether."}
    assert badly_described(defaults, {name: {"description": text} for name, text in described.items()}) == []
