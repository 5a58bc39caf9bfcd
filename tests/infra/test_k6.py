"""k6: the real binary, in the version that was asked for, and able to load the platform from its machine."""

import pytest

from tests.infra import inventory

SCRIPT = (
    "import http from 'k6/http'; import { check } from 'k6';"
    " export const options = { iterations: 5, thresholds: { checks: ['rate==1'] } };"
    " export default () => check(http.get('URL/health/live'), { up: (r) => r.status === 200 });"
)


@pytest.fixture
def builder(host_of):
    return host_of("build")


def test_it_is_the_version_that_was_asked_for(builder) -> None:
    assert builder.check_output("k6 version").startswith("k6 v1.1.0 ")


def test_it_reaches_the_platform(builder) -> None:
    script = SCRIPT.replace("URL", f"http://{inventory.first_address('application')}:8080")
    done = builder.run("echo %s | k6 run --quiet -", script)
    assert done.rc == 0, done.stderr
