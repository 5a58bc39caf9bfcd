"""ngrok's role: the configuration of the tunnel to Jenkins. In CI a stand-in reads it."""

import copy
import json
from typing import Any

import jsonschema
import pytest
import yaml

from tests.infra.asking import (
    EXPOSURE_LIMIT,
    command_line_and_environment,
    exposure,
    fetch_json,
    mode_and_owner,
)
from tests.infra.inventory import ROOT

SCHEMA = json.loads((ROOT / "ansible/roles/ngrok/ngrok.schema.json").read_text())


@pytest.fixture(scope="module")
def builder(host_of) -> Any:
    return host_of("build")


@pytest.fixture(scope="module")
def configuration(builder) -> dict[str, Any]:
    return dict(yaml.safe_load(builder.file("/etc/ngrok/ngrok.yml").content_string))


def test_the_configuration_is_what_version_3_knows(configuration) -> None:
    jsonschema.validate(configuration, SCHEMA)


def test_only_signed_webhooks_get_through(configuration, secrets) -> None:
    others, signature = configuration["endpoints"][0]["traffic_policy"]["on_http_request"]
    assert others["expressions"] == ["req.url.path != '/github-webhook/' || req.method != 'POST'"]
    assert others["actions"][0]["type"] == "deny"
    assert "expressions" not in signature, "it must hold for every request that is left"
    assert signature["actions"][0]["config"]["secret"] == secrets["vault_github_webhook_secret"]


def spoilt(how: str, document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    policy = document["endpoints"][0]["traffic_policy"]["on_http_request"]
    match how:
        case "no signature check":
            policy.pop()
        case "signature check that lets pass":
            policy[1]["actions"][0]["config"]["enforce"] = False
        case "check after the door":
            policy.reverse()
        case "version 2":
            document["version"] = 2
        case "second endpoint":
            document["endpoints"].append(document["endpoints"][0])
        case "api on every address":
            document["agent"]["web_addr"] = "0.0.0.0:4040"
    return document


@pytest.mark.parametrize(
    "how",
    [
        "no signature check",
        "signature check that lets pass",
        "check after the door",
        "version 2",
        "second endpoint",
        "api on every address",
    ],
)
def test_the_schema_refuses_what_is_wrong(configuration, how: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt(how, configuration), SCHEMA)


def test_the_agent_checks_its_file_before_it_is_installed(builder) -> None:
    assert builder.run("ngrok config check --config /etc/ngrok/ngrok.yml").rc == 0
    assert builder.run("echo 'version: 2' > /run/planted.yml && ngrok config check --config /run/planted.yml").rc != 0


def test_the_unit_runs_at_boot_sandboxed_and_as_nobody_else(builder) -> None:
    assert builder.service("ngrok").is_running
    assert builder.service("ngrok").is_enabled
    assert exposure(builder, "ngrok") <= EXPOSURE_LIMIT
    pid = builder.check_output("systemctl show --property MainPID --value ngrok")
    assert 61184 <= int(builder.check_output(f"stat --format %u /proc/{pid}")) <= 65519


def test_its_secrets_are_for_roots_eyes_only(builder, configuration) -> None:
    assert mode_and_owner(builder, "/etc/ngrok/ngrok.yml") == "600 root root"
    assert mode_and_owner(builder, "/etc/ngrok") == "700 root root"
    assert configuration["agent"]["authtoken"] not in command_line_and_environment(builder, "ngrok")


def test_it_is_the_pinned_version(builder) -> None:
    assert builder.package("ngrok").version == "3.39.8-0"


def test_the_local_api_names_the_tunnel_and_is_on_loopback_only(builder) -> None:
    (tunnel,) = fetch_json(builder, "http://127.0.0.1:4040/api/tunnels")["tunnels"]
    assert tunnel["public_url"].startswith("https://")
    assert tunnel["config"]["addr"] == "http://127.0.0.1:8080"
    listening = builder.check_output("ss --listening --tcp --numeric 'sport = :4040'").splitlines()[1:]
    assert [line.split()[3] for line in listening] == ["127.0.0.1:4040"]
