"""Jenkins' role and its files. In CI a stand-in answers, see tests/stand_ins/README.md."""

import copy
import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from tests.infra import inventory
from tests.infra.asking import EXPOSURE_LIMIT, command_line_and_environment, exposure, fetch, mode_and_owner
from tests.infra.inventory import ROOT

CONFIGURATION = yaml.safe_load((ROOT / "jenkins/casc.yaml").read_text())
SCHEMA = json.loads((ROOT / "jenkins/casc.schema.json").read_text())
PLUGINS = [
    line.split(":") for line in (ROOT / "jenkins/plugins.txt").read_text().split("\n") if line and line[0] != "#"
]
KEYS = ("PAYOPS_OPERATOR_KEY", "PAYOPS_MERCHANT_KEY", "PAYOPS_MERCHANT_KEYS")
SECRETS = ("JENKINS_ADMIN_PASSWORD", "GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET", *KEYS)
OF_THE_AGENT = "AGENT_SECRET"
DEPLOY_FILES = ("ANSIBLE_VAULT", "ANSIBLE_VAULT_PASSWORD", "ANSIBLE_SSH_KEY")
NEEDED = {"configuration-as-code", "job-dsl", "git", "github", "plain-credentials", "workflow-aggregator"}


@pytest.fixture(scope="module")
def jenkins(host_of) -> Any:
    return host_of("build")


def url(path: str) -> str:
    return inventory.gate("build") + path


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The configuration with one place changed."""
    document = copy.deepcopy(CONFIGURATION)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


def test_the_configuration_has_only_keys_that_we_know() -> None:
    jsonschema.validate(CONFIGURATION, SCHEMA)


@pytest.mark.parametrize(
    "document",
    [
        changed("jenkins", "securityRealm", "local", "allowsSignup", to=True),
        changed("jenkins", "securityRealm", "local", "users", 0, "password", to="in-the-file"),
        changed("jenkins", "authorizationStrategy", to="unsecured"),
        changed("jenkins", "authorizationStrategy", "loggedInUsersCanDoAnything", "allowAnonymousRead", to=True),
        changed("jenkins", "numExecutorz", to=1),
        changed("jenkins", "numExecutors", to=1),
        changed("unclassified", "gitHubPluginConfig", "hookSecretConfigs", to=[]),
        changed("credentials", "system", "domainCredentials", 0, "credentials", 0, "string", "secret", to="ghp_x"),
    ],
)
def test_the_schema_refuses_what_is_wrong(document: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_the_configuration_uses_is_a_pinned_plugin(name: str) -> None:
    assert [version for plugin, version in PLUGINS if plugin == name and version[0].isdigit()]


def test_it_is_the_pinned_version_and_runs_at_boot(jenkins) -> None:
    assert jenkins.package("jenkins").version == "2.541.3"
    assert jenkins.service("jenkins").is_running
    assert jenkins.service("jenkins").is_enabled


@pytest.mark.parametrize(
    ("path", "right", "status"),
    [
        ("/login", None, 200),
        ("/api/json", None, 403),
        ("/api/json", False, 403),
        ("/api/json", True, 200),
        ("/script", None, 403),
    ],
)
def test_only_the_admin_gets_in(jenkins, secrets, path: str, right: bool | None, status: int) -> None:
    password = secrets["vault_jenkins_admin_password"] if right else "admin"
    user = "" if right is None else "admin"
    assert fetch(jenkins, url(path), user, password)[0] == status


def send_event(secret: str) -> subprocess.CompletedProcess[str]:
    """A push event, by the script that docs/ci.md names."""
    options = ("--jenkins", url(""), "--ca", inventory.authority(), "--repository", "example/payops")
    return subprocess.run(
        [ROOT / "scripts/send-test-webhook", *options],
        env={**os.environ, "GITHUB_WEBHOOK_SECRET": secret},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_signed_event_needs_no_login(host_of, secrets: Mapping[str, str]) -> None:
    host_of("build")
    sent = send_event(secrets["vault_github_webhook_secret"])
    assert (sent.returncode, "took the event (200)" in sent.stdout) == (0, True), sent.stderr


def test_an_event_with_a_wrong_signature_is_refused(host_of) -> None:
    host_of("build")
    sent = send_event("another secret, as long as any")
    assert sent.returncode == 1
    assert "answered 400: Jenkins does not accept the event" in sent.stderr


def test_an_event_without_a_signature_is_refused(jenkins) -> None:
    assert fetch(jenkins, url("/github-webhook/"), post=True)[0] == 400


@pytest.mark.parametrize(
    "setting",
    [
        "-Djenkins.install.runSetupWizard=false",
        "CASC_JENKINS_CONFIG=/etc/jenkins/casc.yaml",
        "SECRETS=/run/credentials/jenkins.service",
        "JENKINS_PORT=8080",
        "EXECUTORS=1",
        "REPOSITORY_BRANCH=main",
    ],
)
def test_the_unit_has_what_the_configuration_asks_for(jenkins, setting: str) -> None:
    assert setting in jenkins.check_output("systemctl show --property Environment --value jenkins")


def test_every_name_in_the_configuration_is_given(jenkins) -> None:
    given = jenkins.check_output("systemctl show --property Environment --value jenkins")
    text = (ROOT / "jenkins/casc.yaml").read_text().partition("jenkins:")[2]
    asked = set(re.findall(r"\$\{(?:readFileBase64:\$\{SECRETS\}/)?([A-Z_]+)[:}]", text))
    assert {name for name in asked if name not in SECRETS + DEPLOY_FILES and f"{name}=" not in given} == set()
    assert set(SECRETS + DEPLOY_FILES) <= asked


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_for_roots_eyes_only(jenkins, name: str) -> None:
    assert mode_and_owner(jenkins, f"/etc/jenkins/secrets/{name}") == "600 root root"
    held = jenkins.file(f"/etc/jenkins/secrets/{name}").content_string
    seen = command_line_and_environment(jenkins, "jenkins") + (ROOT / "jenkins/casc.yaml").read_text()
    assert not held or held not in seen


def test_builds_get_keys_of_their_own_and_not_the_operators(jenkins, secrets) -> None:
    merchants = secrets["vault_payops_k6_keys"].split()
    wanted = [secrets["vault_payops_jenkins_key"], merchants[0], "\n".join(merchants)]
    assert [jenkins.file(f"/etc/jenkins/secrets/{name}").content_string for name in KEYS] == wanted


def test_what_builds_deploy_with_is_there_as_a_whole_or_not_at_all(jenkins) -> None:
    """With `make vm-test` it is: tests/vm/test_deploy.py deploys with these files."""
    held = set(jenkins.file("/etc/jenkins/secrets").listdir()) - {*SECRETS, OF_THE_AGENT}
    assert held in (set(), set(DEPLOY_FILES))
    assert {mode_and_owner(jenkins, f"/etc/jenkins/secrets/{name}") for name in held} <= {"600 root root"}
    assert set(jenkins.file("/run/credentials/jenkins.service").listdir()) == set(SECRETS) | held


def test_builds_run_as_another_user_that_sees_nothing_of_jenkins(jenkins) -> None:
    assert jenkins.service("jenkins-agent").is_running
    assert jenkins.service("jenkins-agent").is_enabled
    assert exposure(jenkins, "jenkins-agent") <= EXPOSURE_LIMIT
    pid = jenkins.check_output("systemctl show --property MainPID --value jenkins-agent")
    assert jenkins.check_output(f"stat --format %U /proc/{pid}") == "jenkins-agent"
    inside = f"nsenter --target {pid} --mount runuser -u jenkins-agent --"
    for path in ("/etc/jenkins/casc.yaml", "/var/lib/jenkins/plugins", "/etc/jenkins/secrets/AGENT_SECRET"):
        assert jenkins.run(f"{inside} ls {path}").rc != 0, path
    assert jenkins.run(f"{inside} touch /var/lib/jenkins-agent/planted").rc == 0
    assert jenkins.run(f"{inside} rm /var/lib/jenkins-agent/planted").rc == 0
    assert jenkins.run(f"{inside} touch /opt/planted").rc != 0
    assert jenkins.user("jenkins-agent").groups == ["jenkins-agent"]


def test_the_agent_is_connected_and_its_secret_is_for_roots_eyes_only(jenkins, secrets) -> None:
    said = fetch(jenkins, url("/computer/builder/api/json"), "admin", secrets["vault_jenkins_admin_password"])
    assert (said[0], json.loads(said[1])["offline"]) == (200, False)
    assert mode_and_owner(jenkins, f"/etc/jenkins/secrets/{OF_THE_AGENT}") == "600 root root"
    held = jenkins.file(f"/etc/jenkins/secrets/{OF_THE_AGENT}").content_string
    assert held not in command_line_and_environment(jenkins, "jenkins-agent")


def test_a_plugin_with_another_content_is_not_kept(jenkins) -> None:
    """The role's own check, on a copy of the plugins."""
    script = (ROOT / "ansible/roles/jenkins/files/check-plugins.sh").read_text()
    copy_of = "d=$(mktemp -d) && cp /var/lib/jenkins/plugins/*.jpi $d/"
    check = "sh -c %s check-plugins /etc/jenkins/plugins.sha256 $d"
    assert jenkins.run(f"{copy_of} && {check}; code=$?; rm -r $d; exit $code", script).rc == 0
    planted = jenkins.run(f"{copy_of} && echo >>$d/git.jpi && {check}; code=$?; ls $d; rm -r $d; exit $code", script)
    assert planted.rc == 1
    assert "git.jpi is not what" in planted.stderr
    assert "git.jpi" not in planted.stdout
    stranger = jenkins.run(f"{copy_of} && cp $d/git.jpi $d/other.jpi && {check}; code=$?; rm -r $d; exit $code", script)
    assert "it is not on the list" in stranger.stderr


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/jenkins/casc.yaml", "644 root root"),
        ("/etc/jenkins/secrets", "700 root root"),
        ("/var/lib/jenkins/plugins", "755 jenkins jenkins"),
    ],
)
def test_files_belong_to_whom_they_should(jenkins, path: str, expected: str) -> None:
    assert mode_and_owner(jenkins, path) == expected


def test_the_configuration_is_the_repositorys(jenkins) -> None:
    assert jenkins.file("/etc/jenkins/casc.yaml").content_string == (ROOT / "jenkins/casc.yaml").read_text()


@pytest.mark.parametrize(("name", "version"), PLUGINS, ids=[name for name, _ in PLUGINS])
def test_a_plugin_is_installed_in_its_version(jenkins, name: str, version: str) -> None:
    read = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('META-INF/MANIFEST.MF').decode())"
    manifest = jenkins.check_output(f'python3 -c "{read}" /var/lib/jenkins/plugins/{name}.jpi')
    assert f"Plugin-Version: {version}" in manifest.replace("\r\n ", "")
