"""What role envoy renders is a configuration that Envoy takes; what is wrong is named before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from payments.platform.problems import PROBLEMS
from stack.certificates import Leaf
from stack.envoy import FILES, Envoy, template, validate, variables
from stack.server import ServerError
from tests.integration.gateway.conftest import Start, port
from tests.serving import Server

CHANGES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one drained": {"envoy_drained_instances": [8081]},
    "ports": {"envoy_instance_address": "127.0.0.1:%s"},
    "workers": {"envoy_metrics_targets": [{"name": "relay", "port": 9101}]},
    "everything but Jenkins": {"envoy_serves_observability": True, "envoy_observability_password": "a" * 24},
    "observation alone": {"envoy_serves_payops": False, "envoy_serves_observability": True},
    "Jenkins": {"envoy_serves_payops": False, "envoy_serves_jenkins": True},
    "an acquirer": {"envoy_acquirer_address": "127.0.0.1:8090"},
    "no metrics": {"envoy_metrics_port": 0},
    "other networks": {"envoy_insiders": ["10.0.0.0/8", "fd00::/8", "192.0.2.7"]},
    "other ports": {"envoy_port": 8443, "envoy_public_port": 443, "envoy_plain_port": 8080},
}


def values(folder: Path, leaf: Leaf, **changed: Any) -> dict[str, Any]:
    files = {"envoy_certificate": leaf.certificate, "envoy_certificate_key": leaf.key}
    files |= {"envoy_metrics_authorities": leaf.authority}
    given = {"envoy_serves_payops": True} | {name: str(file) for name, file in files.items()}
    return variables(folder, **given | changed)


@pytest.mark.parametrize("name", CHANGES)
def test_every_rendering_is_valid(tmp_path: Path, leaf: Leaf, name: str) -> None:
    given = values(tmp_path, leaf, **CHANGES[name])
    assert validate(tmp_path, template("check").render(given)) == ""
    assert all(template(file).render(given).startswith("# ") for file in FILES)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"envoy_address": "not an address"}, "malformed IP address"),
        ({"envoy_port": 70_000}, "port"),
        ({"envoy_limited_clients": 0}, "max_dynamic_descriptors"),
        ({"envoy_certificate": "/not/there.pem"}, "/not/there.pem"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, leaf: Leaf, changed: dict[str, Any], said: str) -> None:
    given = values(tmp_path, leaf) | changed
    assert said.lower() in validate(tmp_path, template("check").render(given)).lower()


def test_a_wrong_change_is_not_written(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    before = {name: (gate.envoy.folder / f"{name}.yaml").read_text() for name in FILES}
    with pytest.raises(ServerError, match="not valid"):
        gate.envoy.configure(envoy_address="nowhere")
    assert before == {name: (gate.envoy.folder / f"{name}.yaml").read_text() for name in FILES}
    assert gate.get("/payments/1").status_code == 200


@pytest.mark.parametrize(("insider", "length"), [("192.0.2.7", 32), ("2001:db8::7", 128), ("2001:db8::/48", 48)])
def test_an_insider_without_a_length_is_one_address(tmp_path: Path, leaf: Leaf, insider: str, length: int) -> None:
    text = template("check").render(values(tmp_path, leaf, envoy_insiders=[insider]))
    address = insider.partition("/")[0]
    assert f'{{address_prefix: "{address}", prefix_len: {length}}}' in text
    assert validate(tmp_path, text) == ""


def test_its_problems_have_codes_of_their_own(leaf: Leaf) -> None:
    problems = Envoy(leaf.certificate, leaf.key).variables["_envoy_problems"]
    codes = [problem["code"] for problem in problems]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("GATEWAY_") and code not in PROBLEMS for code in codes)
