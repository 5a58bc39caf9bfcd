"""The gate of an instance, as role payops installs it: it lets in an api that asks for keys and can read payments."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import jinja2
import pytest

from tests.repo.roles import ANSIBLE, read
from tests.servers import until
from tests.serving import Answer, Request, serving

ROLE: Final = ANSIBLE / "roles/payops"
GOOD: Final = {"/health/ready": 200, "/payments": 401, "/shop/payments": 200}


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """As role payops makes it: a release whose Python only waits, units, settings; systemd notes its calls."""
    (tmp_path / "release/bin").mkdir(parents=True)
    (tmp_path / "payops-api-8081").mkdir()
    (tmp_path / "current").symlink_to(tmp_path / "release")
    executable(tmp_path / "release/bin/python", "exec sleep 600\n")
    executable(tmp_path / "systemctl", f"cd {tmp_path}\n[ $1 = show ] && exec cat pid || echo $* >>calls\n")
    for name, unit in (("api", "payops-api@"), ("ledger", "payops-ledger")):
        (tmp_path / f"{name}.env").write_text("PAYOPS_SETTINGS_SUM=of-these\n")
        (tmp_path / f"{unit}.service").write_text("[Service]\nEnvironment=PAYOPS_UNIT_SUM=of-this\n")
    return tmp_path


def executable(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}")
    file.chmod(0o755)


def start(folder: Path, *arguments: str, **changed: Any) -> list[str]:
    """The command of `start`, as the role installs it."""
    script = folder / "start"
    places = ("run_folder", "settings_folder", "units_folder")
    folders = {f"_payops_{name}": str(folder) for name in places} | {"_payops_current_link": str(folder / "current")}
    script.write_text(rendered(**folders, **changed))
    return ["sh", str(script), *arguments]


@contextmanager
def running(folder: Path, *arguments: str, **changed: Any) -> Iterator[None]:
    """The process that a unit of systemd would be, started with what is written now."""
    settings = (folder / f"{arguments[0]}.env").read_text().strip().partition("=")
    sums = {settings[0]: settings[2], "PAYOPS_UNIT_SUM": "of-this"}
    environment = {**os.environ, **sums, "APP_AUTH": "required", "PORT": "8081"}
    with subprocess.Popen(start(folder, *arguments, **changed), env=environment) as process:
        (folder / "pid").write_text(str(process.pid))
        # `sh` becomes the process: only then it has its folder and its environment.
        command = Path(f"/proc/{process.pid}/cmdline")
        until(lambda: command.read_text().startswith("sleep"), "the process runs")
        try:
            yield
        finally:
            process.kill()


def asked(folder: Path, *arguments: str, **changed: Any) -> subprocess.CompletedProcess[str]:
    """What `start` answers root."""
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        start(folder, *arguments, **changed), env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def gate(machine: Path) -> Any:
    """(path → status of an api, role variables) → exit code and errors of the gate."""

    def passed(statuses: dict[str, int], **changed: Any) -> tuple[bool, str]:
        def answer(request: Request, _url: str) -> Answer:
            return Answer(statuses.get(request.path.partition("?")[0], 404), {})

        file = machine / "payops-api-8081" / "api.sock"
        with running(machine, "api", **changed), serving(answer, at=file):
            done = asked(machine, "check-api", "8081", **changed)
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


@pytest.mark.parametrize("file", ["ledger.env", "payops-ledger.service", "current"])
def test_what_missed_its_restart_gets_it_the_next_time(machine: Path, file: str) -> None:
    """An interrupted run of site.yml wrote the file, and restarted nothing."""
    with running(machine, "ledger"):
        untouched = asked(machine, "to-current", "payops-ledger")
        if file == "current":
            (machine / "next").mkdir()
            (machine / file).unlink()
            (machine / file).symlink_to(machine / "next")
        else:
            written = (machine / file).read_text()
            (machine / file).write_text(written.replace("=of-", "=of-other-"))
        done = asked(machine, "to-current", "payops-ledger")
    assert (untouched.stdout, untouched.stderr, untouched.returncode) == ("", "", 0)
    assert (done.stdout, done.returncode) == ("payops-ledger\n", 0), done.stderr
    assert (machine / "calls").read_text() == "daemon-reload\nrestart payops-ledger\n"


def test_an_instance_with_former_settings_does_not_pass(machine: Path) -> None:
    with running(machine, "api"):
        (machine / "api.env").write_text("PAYOPS_SETTINGS_SUM=of-others\n")
        done = asked(machine, "check-api", "8081")
    assert done.returncode == 1
    assert done.stderr == "payops-api@8081 was started with other settings or another unit\n"
