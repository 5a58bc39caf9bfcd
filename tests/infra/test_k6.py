"""k6: the real binary, in the required version; it runs a load with audit from its machine."""

import re

import pytest
import testinfra

from tests.infra import inventory
from tests.infra.asking import CERTIFICATES, mode_and_owner

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
    script = SCRIPT.replace("URL", inventory.gate("application"))
    done = builder.run("echo %s | env %s k6 run --quiet -", script, f"SSL_CERT_FILE={CERTIFICATES}/ca.pem")
    assert done.rc == 0, done.stderr
    unknown = builder.run("echo %s | k6 run --quiet -", script)
    assert unknown.rc != 0, "the CA is none of the system's"


@pytest.mark.alone
def test_a_profile_is_run_and_proved(builder) -> None:
    # as a user would; the key is read there, for in the command it would be in the list of processes and in the journal
    login = testinfra.get_host(f"ansible://{builder.backend.host}?ansible_inventory={inventory.path()}")
    given = 'OPERATOR_KEY="$(sudo cat /etc/jenkins/secrets/PAYOPS_OPERATOR_KEY)" DURATION=3s RATE=5'
    done = login.run(f"cd $(mktemp -d) && {given} payops-load smoke")
    assert done.rc == 0, done.stdout + done.stderr
    assert "Every payment that was answered 200 is in the ledger, once." in done.stdout


def test_a_run_without_an_operators_key_is_refused(builder) -> None:
    done = builder.run("env --unset=OPERATOR_KEY --unset=ADMIN_TOKEN payops-load smoke")
    assert done.rc == 1
    assert re.fullmatch(r"OPERATOR_KEY .*not set; the audit after the load needs .*\.\n", done.stderr), done.stderr


def test_the_merchants_keys_are_for_one_users_eyes(builder, secrets) -> None:
    user = inventory.variables(builder.backend.host)["ansible_user"]
    assert mode_and_owner(builder, "/opt/k6/keys") == f"600 {user} root"
    assert builder.file("/opt/k6/keys").content_string.split() == secrets["vault_payops_k6_keys"].split()
    assert builder.run("runuser -u nobody -- cat /opt/k6/keys").rc != 0
