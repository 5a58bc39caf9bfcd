"""`merchants` and `keys`, called as an operator calls them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from payments.merchants import store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import parse
from payments.platform.tables.processes import operator_action

PEPPER = "a pepper of the tests with 32 bytes or more"


CREATE = ("merchants", "create", "M1", "--name", "A shop")


def call(database_url: str, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"DATABASE_URL": database_url, "APP_KEY_PEPPER": f"1:{PEPPER}", "SUDO_USER": "kim", **environment}
    command = [sys.executable, "-m", "payments", *arguments]
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env={**os.environ, **settings},
        check=False,
    )


def answer(database_url: str, *arguments: str) -> dict[str, Any]:
    done = call(database_url, *arguments)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_from_a_merchant_to_its_key_s_end(engine: Engine, database_url: str) -> None:
    merchant = answer(database_url, "merchants", "create", "M1", "--name", "A shop")
    assert (merchant["merchantId"], merchant["mode"], merchant["state"]) == ("M1", "TEST", "ACTIVE")
    done = call(database_url, "keys", "create", "--merchant", "M1", "--name", "shop", "--scope", "payments:write")
    made = json.loads(done.stdout)
    assert done.stderr == "This is the only time that the key is shown.\n"
    text = parse(made["key"])
    assert text is not None
    with engine.connect() as connection:
        stored = store.get_key(connection, made["keyId"])
    assert stored is not None
    assert Peppers([(1, PEPPER.encode())]).matches(text.text, stored.hash, stored.pepper_no)
    listed = call(database_url, "keys", "list", "--merchant", "M1").stdout
    assert made["key"] not in listed
    assert made["key"].split("_")[3] not in listed
    assert [key["scopes"] for key in json.loads(listed)["items"]] == [["payments:write"]]
    successor = answer(database_url, "keys", "rotate", made["keyId"], "--overlap-seconds", "60")
    assert successor["key"] != made["key"]
    again = call(database_url, "keys", "rotate", made["keyId"], "--overlap-seconds", "60")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert answer(database_url, "keys", "revoke", made["keyId"], "--reason", "leaked")["state"] == "REVOKED"
    assert answer(database_url, "merchants", "suspend", "M1", "--reason", "fraud")["state"] == "SUSPENDED"
    assert answer(database_url, "merchants", "list")["items"][0]["state"] == "SUSPENDED"
    connect = ("merchants", "connect", "M1", "--connector", "simulator", "--reason", "its contract")
    assert answer(database_url, *connect)["connector"] == "simulator"
    made_with = answer(database_url, "merchants", "create", "M2", "--name", "x", "--connector", "simulator")
    assert (merchant["connector"], made_with["connector"]) == ("none", "simulator")
    with engine.connect() as connection:
        noted = connection.execute(select(operator_action.c.actor, operator_action.c.action)).all()
    assert [row.action for row in noted] == [
        "merchant.create",
        "key.create",
        "key.rotate",
        "key.revoke",
        "merchant.suspend",
        "merchant.connect",
        "merchant.create",
    ]
    assert {row.actor for row in noted} == {"cli:kim"}


def test_an_operator_s_key_has_an_end(engine: Engine, database_url: str) -> None:
    made = answer(database_url, "keys", "create", "--operator", "--name", "kim", "--days", "30", "--scope", "read")
    assert made["key"].startswith("po_oper_00")
    assert (made["merchantId"], made["kind"], made["scopes"]) == (None, "OPERATOR", ["read"])
    assert made["expiresAt"] > made["createdAt"]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["keys", "create", "--merchant", "M2", "--name", "x"], 1, "There is no merchant M2."),
        (["keys", "create", "--operator", "--name", "x", "--scope", "refunds:write"], 2, "not for a key of this kind"),
        (["keys", "create", "--operator", "--name", "x", "--network", "10.0.0.1/8"], 2, "host bits"),
        (["keys", "create", "--operator", "--name", "x", "--network", "fe80::1%a b"], 2, "zone"),
        (["keys", "create", "--operator", "--name", "x", "--days", "3661"], 2, "more than 3660 days"),
        (["keys", "create", "--operator", "--name", "4242 4242 4242 4242"], 2, "card number"),
        (["keys", "revoke", "0000000000", "--reason", "x"], 1, "There is no key 0000000000."),
        (["keys", "rotate", "0000000000", "--overlap-seconds", "604801"], 2, "from 0 to 604800"),
        (["merchants", "suspend", "M2", "--reason", "x"], 1, "There is no merchant M2."),
        (["merchants", "create", " ", "--name", "x"], 2, "1 to 32 characters"),
        (["merchants", "connect", "M2", "--connector", "visa", "--reason", "x"], 2, "visa"),
        (["merchants"], 2, "required"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    engine: Engine, database_url: str, arguments: list[str], code: int, text: str
) -> None:
    done = call(database_url, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_pepper_no_key_is_made(engine: Engine, database_url: str) -> None:
    done = call(database_url, "keys", "create", "--operator", "--name", "x", APP_KEY_PEPPER="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("APP_KEY_PEPPER is not set")


@pytest.mark.parametrize(
    "text", ["short", "1:short", f"0:{PEPPER}", f"{PEPPER}", f"1:{PEPPER},1:{PEPPER}", "1:" + "x" * 65]
)
def test_a_bad_pepper_is_named_and_not_shown(database_url: str, text: str) -> None:
    done = call(database_url, "merchants", "list", APP_KEY_PEPPER=text)
    assert done.returncode == 2
    assert "APP_KEY_PEPPER must be" in done.stderr
    assert PEPPER not in done.stderr


def test_the_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = call(f"sqlite:///{tmp_path}/none/at-all.db", "merchants", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be used" in done.stderr


def test_when_a_merchant_s_day_ends_and_where_it_is_paid(engine: Engine, database_url: str) -> None:
    iban = "DE89370400440532013000"
    made = answer(database_url, *CREATE, "--time-zone", "Asia/Seoul")
    assert (made["timeZone"], made["iban"]) == ("Asia/Seoul", None)
    change = ("merchants", "account", "M1", "--reason", "its form")
    changed = answer(database_url, *change, "--iban", "DE89 3704 0044 0532 0130 00")
    assert (changed["timeZone"], changed["iban"]) == ("Asia/Seoul", iban)
    for wrong in ([], ["--time-zone", "localtime"], ["--iban", iban[:-1]]):
        refused = call(database_url, *change, *wrong)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert answer(database_url, *change, "--time-zone", "UTC")["iban"] == iban
    both = call(database_url, *change, "--iban", iban, "--no-iban")
    assert (both.returncode, both.stderr.count("\n")) == (2, 1), both.stderr
    removed = answer(database_url, *change, "--no-iban")
    assert (removed["timeZone"], removed["iban"]) == ("UTC", None)
    assert call(database_url, "merchants", "create", "M2", "--name", "x", "--no-iban").returncode == 2
