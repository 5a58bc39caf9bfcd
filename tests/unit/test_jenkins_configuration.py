"""jenkins/casc.yaml matches its schema, and the role provides what it refers to; planted faults are found."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "ansible/roles/jenkins"
SCHEMA = json.loads((ROOT / "jenkins/casc.schema.json").read_text(encoding="utf-8"))

CASC = yaml.safe_load((ROOT / "jenkins/casc.yaml").read_text(encoding="utf-8"))
REMOVE = object()

_PINNED = re.compile(r"[a-z0-9-]+:[0-9][A-Za-z0-9._-]*")


def faults(document: Any) -> list[str]:
    """Differences of the document from the schema."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def changed(path: str, value: object) -> Any:
    """The configuration with another value (REMOVE: none) at `path`, its keys and numbers parted by dots."""
    document = copy.deepcopy(CASC)
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    at = document
    for step in way:
        at = at[step]
    if value is REMOVE:
        del at[last]
    else:
        at[last] = value
    return document


def credentials(document: Any) -> set[str]:
    """The ids of all credentials."""
    listed = document["credentials"]["system"]["domainCredentials"][0]["credentials"]
    return {fields["id"] for entry in listed for fields in entry.values()}


def used(document: Any) -> set[str]:
    """The ids of the credentials that are referred to."""
    if isinstance(document, dict):
        return {v for k, v in document.items() if k == "credentialsId"}.union(*map(used, document.values()))
    return set[str]().union(*map(used, document)) if isinstance(document, list) else set()


def asked_by_pipeline(text: str) -> set[str]:
    """The ids of the credentials that a Jenkinsfile asks for."""
    return set(re.findall(r"credentialsId: '([^']*)'", text))


def chosen_by_role() -> set[str]:
    """The ids of the credentials that the role names, for the job to use."""
    unit = (ROLE / "templates/payops.conf.j2").read_text(encoding="utf-8")
    return set(re.findall(r"REPOSITORY_CREDENTIALS=\{\{ '([^']*)' if ", unit))


def provided() -> set[str]:
    """The role's inputs for Jenkins: variables of the unit, and secret files by name."""
    unit = (ROLE / "templates/payops.conf.j2").read_text(encoding="utf-8")
    secrets = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
    return set(re.findall(r'Environment="?([A-Z_]+)=', unit)) | {
        name for group in ("_jenkins_secrets", "_jenkins_deploy_files") for name in secrets[group]
    }


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_configuration_says_what_the_schema_knows() -> None:
    assert faults(CASC) == []


def test_credentials_that_are_used_are_there() -> None:
    assert used(CASC)
    assert used(CASC) <= credentials(CASC)
    assert not used(changed("unclassified.gitHubPluginConfig.configs.0.credentialsId", "x")) <= credentials(CASC)


def test_each_credential_is_used_and_each_used_one_is_there() -> None:
    pipeline = (ROOT / "jenkins/Jenkinsfile").read_text(encoding="utf-8")
    to_deploy = {"ansible-vault", "ansible-vault-password", "ansible-ssh-key"}
    to_try = {"payops-operator-key", "payops-merchant-key", "payops-merchant-keys"}
    assert asked_by_pipeline(pipeline) == to_deploy | to_try
    assert chosen_by_role() == {"github-checkout"}
    assert used(CASC) | asked_by_pipeline(pipeline) | chosen_by_role() == credentials(CASC)


def test_every_reference_is_provided_by_the_role() -> None:
    references = set(re.findall(r"\$\{(?:readFileBase64:\$\{SECRETS\}/)?([A-Z_]+)[:}]", json.dumps(CASC)))
    assert {"JENKINS_ADMIN_PASSWORD", "GITHUB_WEBHOOK_SECRET", "REPOSITORY_URL", "ANSIBLE_VAULT"} <= references
    assert references - provided() == set()


def test_the_wizard_is_off() -> None:
    unit = (ROLE / "templates/payops.conf.j2").read_text(encoding="utf-8")
    assert "-Djenkins.install.runSetupWizard=false" in unit


def test_plugins_are_pinned_and_named_once() -> None:
    lines = (ROOT / "jenkins/plugins.txt").read_text(encoding="utf-8").splitlines()
    plugins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in plugins if not _PINNED.fullmatch(line)] == []
    names = [line.split(":")[0] for line in plugins]
    assert len(names) == len(set(names))
    assert {"configuration-as-code", "job-dsl", "github", "git", "workflow-aggregator"} <= set(names)


def test_the_agent_that_the_role_starts_is_the_node() -> None:
    """By name and folder; and it is another user than the controller's, whose files it cannot see."""
    (node,) = CASC["jenkins"]["nodes"]
    unit = (ROLE / "templates/jenkins-agent.service.j2").read_text(encoding="utf-8")
    variables = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
    assert node["permanent"]["name"] == variables["_jenkins_node"]
    assert node["permanent"]["remoteFS"] == variables["_jenkins_agent_home"]
    assert "User={{ _jenkins_agent_user }}" in unit
    assert variables["_jenkins_agent_user"] != "jenkins"
    (hidden,) = re.findall(r"^InaccessiblePaths=(.*)$", unit, re.MULTILINE)
    assert {"-/etc/jenkins", "-/var/lib/jenkins"} <= set(hidden.split())


def test_only_the_machines_stages_have_credentials() -> None:
    """`withCredentials` stands once, in onTarget, behind the approval; nothing asks for them in another way."""
    text = (ROOT / "jenkins/Jenkinsfile").read_text(encoding="utf-8")
    before, _, after = text.partition("pipeline {")
    assert before.count("withCredentials(") == 1
    assert before.index("env.APPROVED != 'yes'") < before.index("withCredentials(")
    assert not re.search(r"withCredentials|credentials\(", after)
    assert text.index("stage('Approval')") < text.index("onTarget 'scripts/bring-up.sh'")


USER = "jenkins.securityRealm.local.users.0"
CREDENTIALS = "credentials.system.domainCredentials.0.credentials"
CREDENTIAL = f"{CREDENTIALS}.0.string"
CHECKOUT = f"{CREDENTIALS}.2.usernamePassword"
VAULT = f"{CREDENTIALS}.3.file"
SSH_KEY = f"{CREDENTIALS}.5.basicSSHUserPrivateKey.privateKeySource"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("jenkinss", {}),
        ("jobs", REMOVE),
        ("jenkins.numExecuters", 1),
        ("jenkins.numExecutors", 1),
        ("jenkins.numExecutors", "${EXECUTORS}"),
        ("jenkins.slaveAgentPort", 50000),
        ("jenkins.nodes", REMOVE),
        ("jenkins.nodes", []),
        ("jenkins.nodes.0.permanent.numExecutors", 0),
        ("jenkins.nodes.0.permanent.launcher", {"command": {"command": "ssh elsewhere"}}),
        ("jenkins.securityRealm", REMOVE),
        ("jenkins.securityRealm.local.allowsSignup", True),
        ("jenkins.authorizationStrategy", {"unsecured": {}}),
        ("jenkins.authorizationStrategy.loggedInUsersCanDoAnything.allowAnonymousRead", True),
        ("jenkins.crumbIssuer", REMOVE),
        (f"{USER}.password", "correct-horse-battery"),
        (f"{USER}.password", "${JENKINS_ADMIN_PASSWORD:-admin}"),
        (f"{USER}.password", "x${JENKINS_ADMIN_PASSWORD}"),
        (f"{USER}.pasword", "${JENKINS_ADMIN_PASSWORD}"),
        (f"{CREDENTIAL}.secret", "ghp_0123456789"),
        (f"{CREDENTIAL}.scope", "USER"),
        (f"{CHECKOUT}.password", "ghp_0123456789"),
        (f"{VAULT}.secretBytes", "JEFOU0lCTEVfVkFVTFQ="),
        (f"{VAULT}.secretBytes", "${base64:in the file}"),
        (f"{VAULT}.secretBytes", "${readFileBase64:${SECRETS}/ANSIBLE_VAULT}"),
        (f"{VAULT}.secretBytes", "${readFileBase64:${SECRETS}/ANSIBLE_VAULT:-JEFOU0lCTEVfVkFVTFQ=}"),
        (f"{SSH_KEY}.directEntry.privateKey", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        (f"{SSH_KEY}.directEntry.privateKey", "${ANSIBLE_SSH_KEY:------BEGIN OPENSSH PRIVATE KEY-----}"),
        (f"{SSH_KEY}.fileOnMaster", {"privateKeyFile": "/root/.ssh/id"}),
        ("unclassified.gitHubPluginConfig.configs.0.apiUrl", "http://api.github.com"),
        ("unclassified.gitHubPluginConfig.configs.0.manageHooks", True),
        ("unclassified.gitHubPluginConfig.hookSecretConfigs", REMOVE),
        ("unclassified.gitHubPluginConfig.hookSecretConfigs", []),
        ("jobs.0.script", ""),
        ("jobs.0.skript", "job('a')"),
    ],
)
def test_a_planted_fault_is_found(path: str, value: object) -> None:
    assert faults(changed(path, value))
