"""k6: the real binary, in the required version; it runs a load with audit from its machine."""

import pytest
import testinfra

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


@pytest.mark.alone
def test_a_profile_is_run_and_proved(builder, secrets) -> None:
    # not by sudo, which writes the command and its token into the journal
    login = testinfra.get_host(f"ansible://{builder.backend.host}?ansible_inventory={inventory.path()}")
    given = "ADMIN_TOKEN=%s DURATION=3s RATE=5 MERCHANTS=5"
    done = login.run(f"cd $(mktemp -d) && {given} payops-load smoke", secrets["vault_payops_admin_token"])
    assert done.rc == 0, done.stdout + done.stderr
    assert "Every payment that was answered 200 is in the ledger, once." in done.stdout


def test_a_run_without_a_token_is_refused(builder) -> None:
    done = builder.run("env --unset=ADMIN_TOKEN payops-load smoke")
    assert (done.rc, done.stderr) == (1, "ADMIN_TOKEN is not set; the audit after the load needs it.\n")
