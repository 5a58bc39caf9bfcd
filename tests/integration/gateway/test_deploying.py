"""deploy.yml and its rollback with a real gateway; role payops only notes which release an instance runs."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest

from tests.integration.gateway.clients import Gate, state
from tests.integration.gateway.conftest import Start, port
from tests.integration.pki.playbooks import ANSIBLE, Machines, Run
from tests.servers import until
from tests.serving import Answer, Request, Server, serving

START: Final = """\
#!/bin/sh -e
cd {folder}
case $1 in
  check-api)
    grep -qx "$(basename "$(readlink current)")" "running-$2"
    ! {{ grep -q broken "running-$2" && grep -qx "$2" faulty; }} ;;
  restart) basename "$(readlink current)" >"running-$2" ;;
esac
"""
RESTART: Final = """\
- name: Restart the instance
  ansible.builtin.command: "{{ _payops_start }} restart {{ _payops_port }}"
- name: Wait for the instance
  ansible.builtin.command: "{{ _payops_start }} check-api {{ _payops_port }}"
"""
SWITCH: Final = """\
- name: Switch the link
  ansible.builtin.file: {src: "{{ _payops_home }}/broken", path: "{{ _payops_current_link }}", state: link}
"""
NOTHING: Final = ("install", "migrate", "restart_workers", "discard", "note_deploy", "prune")
"""Tasks of the role that are left out."""


@contextmanager
def instances(folder: Path, faulty: int) -> Iterator[list[Server]]:
    """Two of them with the release "former". With the release "broken" one is live, and answers everything else 500."""
    servers: list[Server] = []

    def instance(number: int) -> Callable[[Request, str], Answer]:
        def answer(request: Request, _url: str) -> Answer:
            own = port(servers[number])
            release = (folder / f"running-{own}").read_text().strip()
            is_faulty = (folder / "faulty").read_text().strip() == str(own)
            fails = is_faulty and release == "broken" and request.path != "/health/live"
            return Answer(500 if fails else 200, {"release": release})

        return answer

    with serving(instance(0)) as first, serving(instance(1)) as second:
        servers += [first, second]
        for server in servers:
            (folder / f"running-{port(server)}").write_text("former\n")
        (folder / "faulty").write_text(f"{port(servers[faulty])}\n")
        yield servers


@contextmanager
def paying(gate: Gate) -> Iterator[Counter[int]]:
    """Requests that move money, one after the other until the end of the block: status → number."""
    stop, statuses = Event(), Counter[int]()

    def pay() -> None:
        while not stop.is_set():
            statuses[gate.post("/payments/authorize", json={}).status_code] += 1

    thread = Thread(target=pay)
    thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def deploy(tmp_path: Path) -> Callable[[Gate, list[Server]], Run]:
    """Deploy the release "broken" to these instances behind this gateway."""
    tasks = tmp_path / "roles/payops/tasks"
    tasks.mkdir(parents=True)
    (tmp_path / "roles/payops/vars").mkdir()
    shutil.copy(ANSIBLE / "deploy.yml", tmp_path)
    shutil.copytree(ANSIBLE / "tasks", tmp_path / "tasks")
    (tmp_path / "health.yml").write_text("- hosts: application\n  gather_facts: false\n  tasks: []\n")
    shutil.copytree(ANSIBLE / "roles/envoy", tmp_path / "roles/envoy")
    switched = tmp_path / "roles/envoy/tasks/switch_instances.yml"
    # There is no group envoy here.
    switched.write_text(switched.read_text().replace("        owner: root\n        group: envoy\n", ""))
    (tasks / "restart_instance.yml").write_text(RESTART)
    (tasks / "switch.yml").write_text(SWITCH)
    for name in NOTHING:
        (tasks / f"{name}.yml").write_text("- name: Check nothing\n  ansible.builtin.meta: noop\n")
    for release in ("former", "broken"):
        (tmp_path / release).mkdir()
    (tmp_path / "current").symlink_to(tmp_path / "former")
    (tmp_path / "start").write_text(START.format(folder=tmp_path))
    (tmp_path / "start").chmod(0o755)
    paths = {"home": tmp_path, "current_link": tmp_path / "current", "start": tmp_path / "start"}
    variables = {f"_payops_{name}": str(path) for name, path in paths.items()}
    (tmp_path / "roles/payops/vars/main.yml").write_text(json.dumps(variables))

    def run(gate: Gate, servers: list[Server]) -> Run:
        folder = str(gate.envoy.folder)
        return Machines(tmp_path, ("application",)).playbook(
            tmp_path / "deploy.yml",
            envoy_instances=[port(server) for server in servers],
            envoy_instance_address="127.0.0.1:%s",
            _envoy_folder=folder,
            _envoy_run_folder=folder,
        )

    return run


@pytest.mark.parametrize("faulty", [0, 1], ids=["the first", "the last"])
def test_an_instance_that_is_live_and_fails_its_check_gets_no_request(
    tmp_path: Path, start: Start, deploy: Callable[[Gate, list[Server]], Run], faulty: int
) -> None:
    """Also not while it is rolled back."""
    with instances(tmp_path, faulty) as servers:
        gate = start(*(port(server) for server in servers))
        with paying(gate) as statuses:
            done = deploy(gate, servers)
        assert "ROLLED BACK to former" in done.text, done.text
        assert {(tmp_path / f"running-{port(server)}").read_text() for server in servers} == {"former\n"}
        assert "DRAINING" not in (gate.envoy.folder / "endpoints.yaml").read_text()
        assert set(statuses) == {200}, statuses


def test_what_an_interrupted_run_left_out_gets_no_request_until_it_is_ready(
    tmp_path: Path, start: Start, deploy: Callable[[Gate, list[Server]], Run]
) -> None:
    with instances(tmp_path, faulty=1) as servers:
        gate = start(*(port(server) for server in servers))
        (tmp_path / "current").unlink()
        (tmp_path / "current").symlink_to(tmp_path / "broken")
        for server in servers:
            (tmp_path / f"running-{port(server)}").write_text("broken\n")
        gate.envoy.configure("endpoints", envoy_drained_instances=[port(servers[1])])
        until(lambda: state(gate, "out", port(servers[1])) == "", "it is out")
        with paying(gate) as statuses:
            failed = deploy(gate, servers)
            (tmp_path / "faulty").write_text("")
            repaired = deploy(gate, servers)
        assert failed.code != 0, failed.text
        assert repaired.code == 0, repaired.text
        assert "DRAINING" not in (gate.envoy.folder / "endpoints.yaml").read_text()
        assert set(statuses) == {200}, statuses
