"""The playbooks, scripts, units and commands of the runbook exist.

Its metrics and variables are in test_metric_names.py.
"""

import re
from collections.abc import Callable
from typing import Final

import pytest

from tests.repo.sources import ROOT

RUNBOOK: Final = ROOT / "docs/runbook.md"
ROLES: Final = ROOT / "ansible/roles"
WORKERS: Final = {"payops-relay", "payops-ledger", "payops-housekeeping"}
OF_DEBIAN: Final = {
    "grafana-server", "mariadb", "prometheus", "prometheus-alertmanager", "prometheus-mysqld-exporter",
    "prometheus-node-exporter", "prometheus-redis-exporter", "redis-server", "systemd-timesyncd",
}  # fmt: skip
"""Units that come with packages; the others are templates of our roles."""


def files(text: str) -> set[str]:
    """Playbooks, scripts, other files and links in the text that do not exist."""
    named = {f"ansible/{name}" for name in re.findall(r"ansible-playbook\s+([a-z-]+\.yml)", text)}
    named |= set(re.findall(r"(?<![./a-z-])(?:scripts|prometheus|tests|vagrant)/[a-z/_.-]+[a-z]", text))
    named |= {f"docs/{target}" for target in re.findall(r"\]\(([^)#:]+)\)", text)}
    return {name for name in named if not (ROOT / name).exists()}


def units(text: str) -> set[str]:
    """Units in systemctl and journalctl commands that no role has."""
    asked = re.findall(r"systemctl (?:status|restart|reload) ([^`|;&]+)", text)
    asked += re.findall(r"(?<=-u )[^ `]+", text)
    named = {unit.strip("'").split("@")[0] for words in asked for unit in words.split()}
    ours = {path.name.split("@")[0].removesuffix(".service.j2") for path in ROLES.glob("*/templates/*.service.j2")}
    return named - ours - WORKERS - OF_DEBIAN


def commands(text: str) -> set[str]:
    """Unknown subcommands of `payops`."""
    cases = (ROLES / "payops/templates/payops.j2").read_text().partition("case ")[2].partition("*)")[0]
    return {name for name in re.findall(r"`payops\s+([a-z-]+)", text) if not re.search(rf"\b{name} ?[|)]", cases)}


CHECKS: Final = [files, units, commands]


@pytest.mark.parametrize("lacking", CHECKS, ids=lambda check: check.__name__)
def test_the_runbook_names_only_what_is_there(lacking: Callable[[str], set[str]]) -> None:
    assert lacking(RUNBOOK.read_text()) == set()


@pytest.mark.parametrize(
    ("lacking", "text"),
    [
        (files, "run `ansible-playbook fix.yml`"),
        (files, "see [that](nowhere.md)"),
        (files, "`scripts/fix-all.sh`"),
        (units, "`systemctl restart payops-outbox`"),
        (units, "`journalctl -u kafka -u kafkaa -n 3`"),
        (commands, "`payops fix`"),
    ],
)
def test_the_guards_find_planted_breaches(lacking: Callable[[str], set[str]], text: str) -> None:
    assert lacking(text)
