"""The database accounts of role mariadb on a server of a test, and what people do with them."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import yaml
from sqlalchemy import Engine, text

from stack.mariadb import MariaDBServer
from stack.platform import DATABASE, ROOT, Platform

PROCESSES = ("api", "relay", "ledger", "housekeeping", "operator", "migration")
DENIED = "denied to user"


def granted() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each account of a process, with its rights: (verbs, on what)."""
    variables = yaml.safe_load((ROOT / "ansible/roles/mariadb/vars/main.yml").read_text(encoding="utf-8"))
    for user in variables["mariadb_users"]:
        tables = variables["mariadb_tables_of"].get(user["name"], {})
        rights = [(user["global"], "*.*"), (user["database"], f"{DATABASE}.*")]
        rights += [(verbs, f"{DATABASE}.{table}") for table, verbs in tables.items()]
        if user["name"] in PROCESSES:
            yield user["name"], rights


def make_accounts(mariadb: MariaDBServer) -> dict[str, str]:
    """Process → its DATABASE_URL."""
    urls = {}
    for name, rights in granted():
        password = secrets.token_urlsafe(16)
        account = f"'{name}'@'127.0.0.1'"
        mariadb.execute(f"CREATE USER {account} IDENTIFIED BY '{password}'")
        mariadb.execute(*(f"GRANT {verbs} ON {place} TO {account}" for verbs, place in rights))
        urls[name] = f"mysql+pymysql://{name}:{password}@127.0.0.1:{mariadb.port}/{DATABASE}"
    return urls


def count(database: Engine, rows: str) -> int:
    """Rows of a table, or of `TABLE WHERE …`."""
    with database.connect() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {rows}")).scalar_one())


def command(urls: Mapping[str, str], platform: Platform, process: str, *words: str) -> subprocess.CompletedProcess[str]:
    """An operator's command, or a migration, with the account of `process`."""
    environment = {**os.environ, **platform.environment, "DATABASE_URL": urls[process]}
    module = "payments" if process == "migration" else "worker"
    return subprocess.run(
        [sys.executable, "-m", module, *words], env=environment, capture_output=True, text=True, check=False
    )


def post(platform: Platform, path: str, **body: Any) -> dict[str, Any]:
    """A POST with the admin token that succeeds."""
    headers = {"Authorization": f"Bearer {platform.admin_token}"}
    answer = requests.post(f"{platform.api.url}{path}", json=body, headers=headers, timeout=10)
    assert answer.status_code in (200, 201, 202), answer.text
    return dict(answer.json())
