"""Which keys of makers' apt repositories are trusted, by ansible/files/trust-apt-key.sh on the machine of Jenkins."""

from typing import Any

import pytest

from tests.infra.inventory import ROOT

SCRIPT = (ROOT / "ansible/files/trust-apt-key.sh").read_text(encoding="utf-8")


@pytest.fixture
def jenkins(host_of) -> Any:
    return host_of("build")


def test_only_the_known_key_is_trusted(jenkins) -> None:
    """A file with another key beside the right one: the other is left out; without the right one nothing is trusted."""
    trusted = "/etc/apt/keyrings/jenkins.asc"
    listed = f"gpg --batch --with-colons --show-keys {trusted} | awk -F: '$1 == \"fpr\" {{ print $10; exit }}'"
    fingerprint = jenkins.check_output(listed)
    run = "bash -c %s trust-apt-key %s %s %s"
    same = jenkins.run(run, SCRIPT, "http://nowhere.invalid/", fingerprint, trusted)
    assert (same.rc, same.stdout) == (0, "")
    source = jenkins.check_output("sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/jenkins.sources")
    wrong = jenkins.run(run, SCRIPT, f"{source}/key.asc", "0" * 40, "/run/planted.asc")
    assert wrong.rc != 0
    assert not jenkins.file("/run/planted.asc").exists


def test_without_a_fingerprint_the_only_key_is_trusted_and_kept(jenkins) -> None:
    folder = jenkins.check_output("mktemp -d")
    jenkins.check_output(
        "chmod 755 %s && cat /etc/apt/keyrings/jenkins.asc /etc/apt/keyrings/envoy.asc >%s/two.asc", folder, folder
    )
    run = "bash -c %s trust-apt-key %s '' %s"
    several = jenkins.run(run, SCRIPT, f"file://{folder}/two.asc", f"{folder}/trusted.asc")
    assert several.rc != 0
    assert not jenkins.file(f"{folder}/trusted.asc").exists
    sources = ("file:///etc/apt/keyrings/jenkins.asc", "http://nowhere.invalid/")
    first, again = (jenkins.run(run, SCRIPT, source, f"{folder}/trusted.asc") for source in sources)
    assert (first.stdout, again.rc, again.stdout) == ("trusted\n", 0, ""), first.stderr
    jenkins.check_output("rm -r %s", folder)
