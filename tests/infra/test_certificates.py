"""Role pki's files: who has which, who can read a key, how long each is valid, and what Prometheus says of it."""

import re
from typing import Any, Final

import yaml

from tests.infra import inventory
from tests.infra.asking import fetch_json
from tests.servers import until

FOLDER: Final = "/etc/payops-pki"
PROMETHEUS: Final = "http://127.0.0.1:9090/prometheus"
SCRAPE_SECONDS: Final = 60  # two scrapes
LEAST_DAYS: Final = 30
"""With fewer days left the role renews."""


def entries(machine: str) -> dict[str, dict[str, Any]]:
    """What the list of certificates has for a machine, by name."""
    listed = yaml.safe_load((inventory.ANSIBLE / "group_vars/all/certificates.yml").read_text(encoding="utf-8"))
    found = {}
    for entry in listed["pki_certificates"]:
        hosts = entry.get("hosts", "all")
        if any(machine in inventory.members(group) for group in ([hosts] if isinstance(hosts, str) else hosts)):
            found[entry["name"]] = entry
    return found


def leaves(machine: str) -> dict[str, dict[str, Any]]:
    """Those of them that are certificates, and do not read `ca.pem` alone."""
    return {name: entry for name, entry in entries(machine).items() if "names" in entry}


def name_of(host: Any) -> str:
    """The machine's name in the inventory."""
    return str(host.backend.get_variables()["inventory_hostname"])


def test_a_machine_has_the_certificates_of_its_groups_and_no_others(each_host) -> None:
    there = each_host.check_output(f"cd {FOLDER} && ls *.pem *.key applied").split()
    wanted = leaves(name_of(each_host))
    files = ["ca.pem", *(f"{name}.{kind}" for name in wanted for kind in ("pem", "key"))]
    assert sorted(there) == sorted([*files, "applied:", *entries(name_of(each_host))])


def test_files_belong_to_root_and_keys_to_their_services(each_host) -> None:
    said = each_host.check_output(f"stat --format '%n %a %U' {FOLDER} {FOLDER}/*")
    modes = {path.rpartition("/")[2]: f"{mode} {user}" for path, mode, user in map(str.split, said.splitlines())}
    keys = {f"{name}.key": f"400 {entry.get('owner', 'root')}" for name, entry in leaves(name_of(each_host)).items()}
    public = {name: "644 root" for name in modes if name.endswith(".pem")}
    assert modes == {"payops-pki": "755 root", "pending": "700 root", "applied": "755 root"} | public | keys


def test_nobody_reads_a_key_but_its_service(each_host) -> None:
    owners = {f"{FOLDER}/{name}.key": entry["owner"] for name, entry in leaves(name_of(each_host)).items()}
    users = {*owners.values(), "nobody", "payops"} & set(each_host.check_output("getent passwd | cut -d: -f1").split())
    for user in users:
        readable = each_host.run(f"runuser -u {user} -- find {FOLDER} -name '*.key' -readable 2>/dev/null").stdout
        assert set(readable.split()) == {path for path, owner in owners.items() if owner == user}, user


def test_certificates_are_of_our_authority_for_the_machine_and_not_due(each_host) -> None:
    address = inventory.address(name_of(each_host))
    for name in leaves(name_of(each_host)):
        path = f"{FOLDER}/{name}.pem"
        purpose = "sslclient" if name == "prometheus" else f"sslserver -verify_ip {address}"
        each_host.check_output(f"openssl verify -CAfile {FOLDER}/ca.pem -purpose {purpose} -x509_strict {path}")
        each_host.check_output(f"openssl x509 -noout -checkend {LEAST_DAYS * 86_400 - 3600} -in {path}")


def test_prometheus_has_a_name_of_its_own_alone(host_of) -> None:
    said = host_of("observability").check_output(
        f"openssl x509 -noout -subject -ext subjectAltName -in {FOLDER}/prometheus.pem"
    )
    assert re.findall(r"DNS:\S+|IP Address:\S+", said) == ["DNS:prometheus"]
    assert "CN = prometheus" in said


def test_the_key_of_the_authority_is_on_no_machine(each_host) -> None:
    """Each private key in clear is another than the authority's, which is compared by its public half."""
    keys = "grep -rlE --devices=skip '^-----BEGIN (EC )?PRIVATE KEY' /etc /root /home /opt/payops 2>/dev/null"
    public = f'{keys} | while read -r file; do openssl pkey -pubout -in "$file" -passin pass: 2>/dev/null; done'
    of_machine = each_host.run(public).stdout
    of_authority = each_host.check_output(f"openssl x509 -noout -pubkey -in {FOLDER}/ca.pem")
    own = each_host.check_output(f"openssl x509 -noout -pubkey -in {FOLDER}/exporter.pem")
    assert own.strip() in of_machine, "the search finds keys that are there"
    assert of_authority.strip() not in of_machine


def test_prometheus_knows_when_each_certificate_expires(host_of) -> None:
    watcher = host_of("observability")
    wanted = {(machine, name) for machine in inventory.names() for name in (*leaves(machine), "ca")}
    query = f"{PROMETHEUS}/api/v1/query?query=certificate_expiry_timestamp_seconds-time()"

    def shown() -> dict[tuple[str, str], float]:
        found = fetch_json(watcher, query)["data"]["result"]
        return {(item["metric"]["node"], item["metric"]["name"]): float(item["value"][1]) for item in found}

    until(lambda: shown().keys() == wanted, f"the metric of {sorted(wanted)}", seconds=SCRAPE_SECONDS, interval=1)
    assert min(shown().values()) > (LEAST_DAYS - 1) * 86_400


def test_the_alerts_are_loaded_and_quiet(host_of) -> None:
    groups = fetch_json(host_of("observability"), f"{PROMETHEUS}/api/v1/rules?type=alert")["data"]["groups"]
    rules = {rule["name"]: (rule["health"], rule["state"]) for group in groups for rule in group["rules"]}
    for name in ("CertificateExpiresIn21Days", "CertificateExpiresIn7Days"):
        assert rules[name] == ("ok", "inactive")
