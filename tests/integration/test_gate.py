"""The gate of an instance, as role payops installs it: it lets in an api that asks for keys and can read payments."""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import jinja2
import pytest

from tests.repo.roles import ANSIBLE, read
from tests.repo.sources import ROOT
from tests.serving import Answer, Request, serving

ROLE: Final = ANSIBLE / "roles/payops"
GOOD: Final = {"/health/ready": 200, "/payments": 401, "/shop/payments": 200}


@pytest.fixture
def gate(tmp_path: Path) -> Any:
    """(path → status of an api, role variables) → exit code and errors of the gate. This process is the instance."""
    (tmp_path / "current").symlink_to(ROOT)
    (tmp_path / "payops-api-8081").mkdir()
    file = tmp_path / "payops-api-8081" / "api.sock"
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\necho {os.getpid()}\n")
    (tmp_path / "systemctl").chmod(0o755)

    def passed(statuses: dict[str, int], **changed: Any) -> tuple[bool, str]:
        script = tmp_path / "start"
        folders = {"_payops_current_link": str(tmp_path / "current"), "_payops_run_folder": str(tmp_path)}
        script.write_text(rendered(**folders, **changed))

        def answer(request: Request, _url: str) -> Answer:
            return Answer(statuses.get(request.path.partition("?")[0], 404), {})

        with serving(answer, at=file):
            environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
            done = subprocess.run(
                ["sh", script, "check-api", "8081"],
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        file.unlink()
        return done.returncode == 0, done.stderr

    return passed


def rendered(**changed: Any) -> str:
    """/opt/payops/bin/start."""
    values = read(ROLE / "defaults/main.yml") | {"ansible_managed": "a test"} | changed
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROLE / "templates"), trim_blocks=True)  # noqa: S701
    return environment.get_template("start.j2").render(values)


def test_an_api_that_asks_for_keys_and_reads_payments_passes(gate: Any) -> None:
    assert gate(GOOD) == (True, "")


def test_a_suspended_shop_keeps_no_instance_out(gate: Any) -> None:
    assert gate(GOOD | {"/shop/payments": 403}) == (True, "")


def test_an_installation_without_a_shop_passes(gate: Any) -> None:
    assert gate(GOOD | {"/shop/payments": 404}, payops_shop_merchant="") == (True, "")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/payments", 200),  # it asks for no key
        ("/payments", 400),  # as a release before keys, which wants a merchant's name
        ("/shop/payments", 503),
        ("/shop/payments", 404),
        ("/health/ready", 503),
    ],
)
def test_another_api_does_not_pass(gate: Any, path: str, status: int) -> None:
    passed, said = gate(GOOD | {path: status})
    assert not passed
    assert str(status) in said
