"""A CA file is read again when it changed, and what it last held counts while it cannot be read."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from payments.platform.tls import Trust, client_context
from stack.certificates import Authority


def authority(folder: Path, name: str) -> Authority:
    (folder / name).mkdir()
    return Authority(folder / name, name)


def trusted(context: ssl.SSLContext) -> list[str]:
    certificates: list[Any] = context.get_ca_certs()
    return sorted(dict(pair for (pair,) in each["subject"])["commonName"] for each in certificates)


def test_a_context_trusts_the_file_alone_and_verifies_names(tmp_path: Path) -> None:
    context = client_context(str(authority(tmp_path, "own").file))
    assert trusted(context) == ["own"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_changed_file_counts_for_the_next_connection(tmp_path: Path) -> None:
    old, new = authority(tmp_path, "old"), authority(tmp_path, "new")
    file = tmp_path / "ca.pem"
    file.write_text(old.file.read_text())
    trust = Trust(str(file))
    assert trust.context() is trust.context()
    assert trusted(trust.context()) == ["old"]
    file.write_text(old.file.read_text() + new.file.read_text())
    assert trusted(trust.context()) == ["new", "old"]
    (tmp_path / "next.pem").write_text(new.file.read_text())
    (tmp_path / "next.pem").replace(file)
    assert trusted(trust.context()) == ["new"]


@pytest.mark.parametrize("content", [None, "half of a certifi"])
def test_a_file_that_cannot_be_read_leaves_what_it_held(
    tmp_path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = authority(tmp_path, "own").file
    trust = Trust(str(file))
    trust.context()
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert trusted(trust.context()) == ["own"]
    assert [record.message for record in caplog.records] == ["ca_file_not_read"]


def test_a_file_that_never_was_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Trust(str(tmp_path / "ca.pem")).context()
