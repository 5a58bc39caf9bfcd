"""A deployment by the pipeline loses no request; a broken release serves none, and is rolled back automatically."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm import pipeline, releases
from tests.vm.machines import Machines
from tests.vm.platform import Front, all_posted, audited
from tests.vm.stream import THREADS, Stream, streaming

PER_SECOND = 20
GATE_SECONDS = "10"
"""Seconds until the broken release fails; a working instance is ready after 3 s here."""

_log = logging.getLogger(__name__)

pytestmark = pytest.mark.timeout(600)


def current(machines: Machines) -> str:
    return machines.on("application", "readlink", "/opt/payops/current").well().strip().rpartition("/")[2]


def running(machines: Machines, port: int) -> str:
    """The release that an instance was started from."""
    pid = (
        machines.on("application", "systemctl", "show", "-p", "MainPID", "--value", f"payops-api@{port}").well().strip()
    )
    return machines.on("application", "readlink", f"/proc/{pid}/cwd").well().strip().rpartition("/")[2]


def served_throughout(stream: Stream, machines: Machines, front: Front) -> None:
    """Every request of the stream was answered 200, in time, and the audit agrees."""
    measured = f"{stream.sent} requests, {stream.reopened} connections reopened, slowest {stream.slowest:.2f} s"
    _log.info("MEASURED %s", f"{measured}, failed: {dict(stream.failures)}")
    assert stream.sent > PER_SECOND * 10
    assert not stream.failures
    assert stream.reopened < THREADS
    all_posted(machines, front)
    audited(machines)


@pytest.fixture
def sound(machines: Machines) -> Iterator[str]:
    """Another release; at the end the former one runs again."""
    version, former = releases.new_version("sound"), current(machines)
    releases.build(version)
    yield version
    if current(machines) != former:
        machines.playbook("deploy.yml", payops_release=former).well()
    releases.remove(version)


@pytest.fixture(
    params=[((8081, 8082), {"after": releases.CANNOT_ANSWER}), ((8082,), {"before": releases.CANNOT_START})],
    ids=["every instance is live and cannot answer", "the last instance cannot start"],
)
def broken(sound: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A release of which these instances of the api have this fault."""
    version = releases.new_version("broken")
    instances, fault = request.param
    releases.build_broken(version, sound, instances, **fault)
    yield version
    releases.remove(version)


@pytest.mark.timeout(900)
def test_the_pipeline_deploys_and_tries_a_release_and_losing_no_request_goes_back(
    machines: Machines, front: Front, sound: str, tmp_path: Path
) -> None:
    former, build = current(machines), pipeline.of_jenkins(machines, tmp_path)
    with streaming(front, PER_SECOND) as stream:
        build.stage("Bring up", PAYOPS_VERSION=sound)
    assert [current(machines), running(machines, 8081), running(machines, 8082)] == [sound] * 3
    served_throughout(stream, machines, front)

    assert build.stage("Health check").endswith("UP\n")
    assert "smoke-test.sh: all true" in build.stage("Smoke test")
    assert "OPEN since" in build.stage("Circuit Breaker Test")
    audited(machines)

    with streaming(front, PER_SECOND) as stream:
        machines.playbook("deploy.yml", payops_release=former).well()
    assert [current(machines), running(machines, 8081), running(machines, 8082)] == [former] * 3
    served_throughout(stream, machines, front)


def test_a_broken_release_is_rolled_back_by_itself(machines: Machines, front: Front, broken: str) -> None:
    former = current(machines)
    with streaming(front, PER_SECOND) as stream:
        done = machines.playbook("deploy.yml", payops_release=broken, payops_ready_seconds=GATE_SECONDS)
    assert done.code != 0
    assert f"ROLLED BACK to {former}" in done.said, done.said
    assert [current(machines), running(machines, 8081), running(machines, 8082)] == [former] * 3
    assert "DRAINING" not in machines.on("application", "cat", "/etc/envoy/endpoints.yaml").well()
    served_throughout(stream, machines, front)
