"""Logs in to MariaDB, Redis and Kafka from a machine, by TLS, with the application's Python and libraries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import testinfra
from testinfra.host import Host

from tests.infra import inventory

PYTHON: Final = "/opt/payops/current/bin/python"
CA: Final = "/etc/payops-pki/ca.pem"
_SQL_TLS: Final = {"ssl_ca": CA, "ssl_verify_cert": True, "ssl_verify_identity": True}
_REDIS_TLS: Final = {"ssl": True, "ssl_ca_certs": CA, "ssl_check_hostname": True}

_SQL: Final = """
import json, sys, pymysql
given = json.loads(sys.argv[1])
statement = given.pop("statement")
connection = pymysql.connect(connect_timeout=5, autocommit=True, **given)
with connection.cursor() as cursor:
    cursor.execute(statement)
    print(json.dumps(cursor.fetchall(), default=str))
"""
_REFUSALS: Final = """
import json, sys, pymysql
given = json.loads(sys.argv[1])
statements = given.pop("statements")
connection = pymysql.connect(connect_timeout=5, autocommit=True, **given)
errors = []
for statement in statements:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        errors.append("")
    except pymysql.MySQLError as error:
        errors.append(str(error))
print(json.dumps(errors))
"""
_REDIS: Final = """
import json, sys, redis
given = json.loads(sys.argv[1])
command = given.pop("command")
print(json.dumps(redis.Redis(socket_timeout=5, decode_responses=True, **given).execute_command(*command), default=str))
"""


@dataclass(frozen=True)
class Answer:
    """A server's answer: a value, or its error."""

    value: Any
    error: str


@cache
def _without_sudo(name: str) -> Host:
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={inventory.path()}")


def _login(host: Host) -> Host:
    """The same machine without root: sudo writes each command, and so its password, into the journal; ssh does not."""
    return _without_sudo(host.backend.host)


def run(host: Host, program: str, given: dict[str, Any]) -> Answer:
    """Run a Python program of the release on `host`, with `given` as JSON; it prints JSON."""
    done = _login(host).run(f"{PYTHON} -c %s %s", program, json.dumps(given))
    if done.rc == 0:
        return Answer(json.loads(done.stdout), "")
    return Answer(None, done.stderr.strip().splitlines()[-1])


def sql(host: Host, address: str, user: str, password: str, statement: str) -> Answer:
    """Run one statement from `host`."""
    given = {"host": address, "user": user, "password": password, "database": "paydb", "statement": statement}
    return run(host, _SQL, given | _SQL_TLS)


def refusals(host: Host, address: str, user: str, password: str, statements: Sequence[str]) -> dict[str, str]:
    """Each statement → its error, or empty; all on one connection from `host`."""
    given = {"host": address, "user": user, "password": password, "database": "paydb", "statements": statements}
    answer = run(host, _REFUSALS, given | _SQL_TLS)
    assert not answer.error, answer.error
    return dict(zip(statements, answer.value, strict=True))


def redis(host: Host, address: str, user: str | None, password: str | None, *command: object) -> Answer:
    """Run one command from `host`."""
    given = {"host": address, "username": user, "password": password, "command": command}
    return run(host, _REDIS, given | _REDIS_TLS)


def local_sql(host: Host, user: str, password: str, statement: str) -> Answer:
    """Run one statement through the socket on the database's machine."""
    program = "MYSQL_PWD=%s mariadb --batch --skip-column-names --user=%s --execute=%s"
    done = _login(host).run(program, password, user, statement)
    return Answer(done.stdout.strip(), "" if done.rc == 0 else done.stderr.strip())


def kcat(host: Host, user: str, password: str, *arguments: str, message: str = "") -> Answer:
    """kcat on the broker's machine, as `user`; `message` goes to its standard input. A refusal is in `error`."""
    tls = f"security.protocol=SASL_SSL\nssl.ca.location={CA}\nssl.endpoint.identification.algorithm=https"
    settings = f"{tls}\nsasl.mechanism=SCRAM-SHA-512\nsasl.username={user}\nsasl.password={password}\n"
    words = " ".join(["%s"] * len(arguments))
    program = f"f=$(mktemp); trap 'rm -f $f' EXIT; printf %s %s > $f; printf %s %s | timeout 20 kcat -F $f {words}"
    done = _login(host).run(program, "%s", settings, "%s", message, *arguments)
    return Answer(done.stdout, "" if done.rc == 0 else done.stderr)
