"""Where payops is on a machine stands once, in the variables of its role; tasks, templates and playbooks use these."""

import re
from typing import Final

import pytest

from tests.repo.roles import read
from tests.repo.sources import ROOT, Source, find_nothing, texts

PATHS: Final = "ansible/roles/payops/vars/main.yml"
_PATH: Final = re.compile(r"/opt/payops|/etc/payops(?!-pki)|/usr/local/sbin/payops\b(?!-)|_payops_home \}\}/")


def paths_written_again(source: Source) -> list[str]:
    """Paths of payops that stand in a playbook, a task, a template or a script, and not as a variable."""
    return [f"{source.path}: {match.group()}" for match in _PATH.finditer(source.text)]


def test_the_paths_of_payops_stand_once() -> None:
    elsewhere = (PATHS, ".md")
    sources = [source for source in texts() if source.path.startswith("ansible/")]
    find_nothing(paths_written_again, [source for source in sources if not source.path.endswith(elsewhere)])


@pytest.mark.parametrize(
    "text", ["path: /opt/payops/current", "-/etc/payops", "cmd: /usr/local/sbin/payops audit", "{{ _payops_home }}/x"]
)
def test_a_planted_path_is_found(text: str) -> None:
    assert paths_written_again(Source("ansible/deploy.yml", text))
    assert not paths_written_again(Source("ansible/deploy.yml", "{{ _payops_home }} dest: /usr/local/sbin/payops-load"))


OWN: Final = re.compile(r"(?<!_)\bpayops_\w+")
"""A default of the role, which a playbook that reads its internals alone does not know."""


def defaults_behind(name: str, internals: dict[str, object]) -> set[str]:
    """The defaults of role payops that one of its internals is made of."""
    text = str(internals.get(name))
    inner = set(re.findall(r"_payops_\w+", text)) - {name}
    return set(OWN.findall(text)).union(*(defaults_behind(one, internals) for one in inner))


def test_playbooks_read_no_internals_that_need_a_default() -> None:
    internals = read(ROOT / PATHS)
    for playbook in (ROOT / "ansible").glob("*.yml"):
        for play in read(playbook):
            if any(PATHS.endswith(path) for path in play.get("vars_files", ())) and "'payops'" not in str(play):
                needed = {name: defaults_behind(name, internals) for name in re.findall(r"_payops_\w+", str(play))}
                assert not any(needed.values()), (playbook.name, needed)


def test_a_planted_default_is_found() -> None:
    assert defaults_behind("_payops_a", {"_payops_a": "{{ _payops_b }}", "_payops_b": "{{ payops_c }}"}) == {"payops_c"}
