"""docs/keys.md, executed as one shell script on the database of a running API."""

import json
import stat
from pathlib import Path

import pytest
import requests

from tests.clients.pages import blocks, program, run, with_payops
from tests.e2e.gunicorn import ApiServer
from tests.servers import until

PAGE = "docs/keys.md"


@pytest.fixture
def folder(api: ApiServer, tmp_path: Path) -> Path:
    """Where the page's commands ran, with what they wrote; `payops` was `python -m payments` on the API's database."""
    settings = {name: api.environment[name] for name in ("DATABASE_URL", "APP_KEY_PEPPER")}
    variables = {**with_payops(tmp_path, "payments"), **settings, "PAYOPS_URL": api.url}
    done = run(["sh", "-eu", "-c", program(PAGE, "sh")], tmp_path, variables)
    (tmp_path / "shown").write_text(done.stdout + done.stderr)
    return tmp_path


def status(api: ApiServer, path: str, key: str) -> int:
    return requests.get(api.url + path, headers={"Authorization": f"Bearer {key}"}, timeout=10).status_code


def test_the_commands_of_the_page_do_what_it_says(api: ApiServer, folder: Path) -> None:
    checkout = (folder / "checkout.key").read_text().strip()
    made = {name: json.loads((folder / f"{name}.json").read_text()) for name in ("kim", "successor", "checkout-2")}
    shown = (folder / "shown").read_text()
    assert '"paymentId"' in shown, "the payment of Use"
    assert made["successor"]["name"] == "checkout"
    until(lambda: status(api, "/payments", checkout) == 401, "the leaked key is refused")
    until(lambda: status(api, "/payments", made["checkout-2"]["key"]) == 200, "its merchant is active again")
    assert status(api, "/payments", made["successor"]["key"]) == 200
    assert status(api, "/merchants", made["kim"]["key"]) == 200
    assert checkout not in shown
    assert not any(one["key"] in shown for one in made.values())
    files = [file for file in folder.iterdir() if file.name.endswith((".key", ".json"))]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_every_command_of_the_page_is_executed() -> None:
    assert {language for language, _ in blocks(PAGE)} == {"", "sh"}
    assert not any("payops" in text or "curl" in text for language, text in blocks(PAGE) if not language)
