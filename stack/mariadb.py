"""MariaDB 10.11 as a private server, durable as in production: binary log on, flushed to disk at each commit."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pymysql

from stack.certificates import CERTIFICATE, KEY, Leaf
from stack.server import Server, ServerError, program

USER = "tester"
REDO_LOG = "--innodb-log-file-size=32M"  # small: quick to create. The same for both programs, else created twice


@dataclass(frozen=True)
class MariaDBAddress:
    """The address of a server, with the account that has all rights."""

    port: int
    password: str
    socket: str = ""
    """Where statements run as root, beside TLS: set where the server has it."""

    @property
    def url(self) -> str:
        """The SQLAlchemy URL without a database."""
        return self.database_url("")

    def database_url(self, database: str) -> str:
        """The SQLAlchemy URL of one database."""
        return f"mysql+pymysql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own. pymysql.MySQLError when one fails."""
        where: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": self.password}
        if self.socket:  # of use with any certificate
            where = {"unix_socket": self.socket, "user": "root", "ssl_disabled": True}
        connection = pymysql.connect(**where, autocommit=True, connect_timeout=2)
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


class MariaDBServer(Server):
    """mariadbd with one account with all rights, over TCP; its password is new each time.

    `options` are added to the command, for example `--innodb-buffer-pool-size=512M`; of one name the last counts.
    With `tls` it takes connections over TLS 1.2 and newer alone, by that leaf.
    """

    name = "mariadb"

    def __init__(self, options: Sequence[str] = (), tls: Leaf | None = None) -> None:
        """Pick a port and a folder; nothing runs yet."""
        super().__init__()
        self._socket = str(self.folder / "s.sock")
        self.address = MariaDBAddress(self.port, secrets.token_urlsafe(16), self._socket if tls else "")
        self._leaf = tls
        self._options = (*(self._tls_options() if tls else ()), *options)
        self.run_as = "mysql" if os.geteuid() == 0 else ""  # mariadbd refuses to run as root

    @property
    def url(self) -> str:
        """The SQLAlchemy URL without a database."""
        return self.address.url

    def database_url(self, database: str) -> str:
        """The SQLAlchemy URL of one database."""
        return self.address.database_url(database)

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own. pymysql.MySQLError when one fails."""
        self.address.execute(*statements)

    def use(self, leaf: Leaf) -> None:
        """Show another leaf to new connections, without a restart."""
        leaf.copy_to(self.folder, self.run_as)
        self.execute("FLUSH SSL")

    def _tls_options(self) -> tuple[str, ...]:
        return (
            f"--ssl-cert={self.folder / CERTIFICATE}",
            f"--ssl-key={self.folder / KEY}",
            "--tls-version=TLSv1.2,TLSv1.3",
            "--require-secure-transport=ON",
        )

    def _prepare(self) -> None:
        if self._leaf:
            self._leaf.copy_to(self.folder, self.run_as)
        install = program("mariadb-install-db", "mariadb-server")
        program("mariadbd", "mariadb-server")
        self._write_first_statements()
        if self.run_as:
            self._give_away()
        options = ["--no-defaults", f"--datadir={self.folder / 'data'}", REDO_LOG]
        if self.run_as:
            options.append(f"--user={self.run_as}")
        kind = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"]
        command = [install, *options, *kind]
        # a starting server removes the temporary tables of all servers with the same folder for them
        own = {**os.environ, "TMPDIR": str(self.folder)}
        done = subprocess.run(command, cwd=self.folder, env=own, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"mariadb-install-db failed.\n{done.stdout}{done.stderr}")

    def _write_first_statements(self) -> None:
        """Statements that mariadbd runs at each start; not on the command line, where ps shows passwords."""
        (self.folder / "first.sql").write_text(
            # an anonymous user takes precedence over 'x'@'%'; root is reached by the socket in the private folder only
            "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"  # noqa: S608
            "FLUSH PRIVILEGES;\n"
            f"CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{self.address.password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
        )

    def _give_away(self) -> None:
        entry = pwd.getpwnam(self.run_as)
        for path in (self.folder, self.folder / "first.sql"):
            shutil.chown(path, entry.pw_uid, entry.pw_gid)

    def _command(self) -> list[str]:
        return [
            program("mariadbd", "mariadb-server"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self._socket}",
            f"--pid-file={self.folder / 'pid'}",
            f"--tmpdir={self.folder}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--init-file={self.folder / 'first.sql'}",
            "--skip-name-resolve",
            "--max-connections=200",
            "--server-id=1",
            "--log-bin=binlog",
            "--sync-binlog=1",
            "--log-bin-trust-function-creators=1",
            "--innodb-flush-log-at-trx-commit=1",
            REDO_LOG,
            *self._options,
        ]

    def _answers(self) -> bool:
        try:
            self.address.execute("SELECT 1")
        except pymysql.MySQLError:
            return False
        return True
