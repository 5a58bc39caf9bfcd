"""No file of the repository holds an API key, and the hook before a commit refuses one that does."""

import subprocess
from pathlib import Path

import yaml

from payments.merchants.key_form import Prefix, new_key
from tests.repo.api_keys import api_keys
from tests.repo.sources import ROOT, Source, find_nothing, texts


def test_no_file_holds_an_api_key() -> None:
    find_nothing(api_keys, texts())


def test_a_planted_key_is_named_without_its_secret() -> None:
    key = new_key(Prefix.LIVE)
    (breach,) = api_keys(Source("docs/a.md", f"curl -u {key.text}: …"))
    assert key.key_id in breach
    assert key.text.split("_")[3] not in breach


def hook(*files: Path) -> subprocess.CompletedProcess[str]:
    """The hook `api-keys` with these files, as pre-commit would call it."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    (entry,) = [hook["entry"] for hook in hooks if hook["id"] == "api-keys"]
    command = [*entry.split(), *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_hook_refuses_a_file_with_a_key(tmp_path: Path) -> None:
    key = new_key(Prefix.TEST).text
    leaking, harmless = tmp_path / "leaking.env", tmp_path / "harmless.env"
    leaking.write_bytes(b"\xff\x00 API_KEY=" + key.encode())
    harmless.write_text(f"API_KEY={key[:-1]}{'0' if key[-1] != '0' else '1'}", encoding="utf-8")
    assert (hook(harmless).returncode, hook(harmless).stdout) == (0, "")
    refused = hook(harmless, leaking)
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    assert str(leaking) in refused.stdout
