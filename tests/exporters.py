"""Debian's exporters as private processes, for a MariaDB, a Redis and this machine."""

import time
from collections.abc import Sequence
from pathlib import Path

import requests

from stack.mariadb import USER, MariaDBAddress
from stack.server import Server, program
from tests.repo.metric_names import WRITTEN_BY_BACKUP, WRITTEN_BY_PKI


class Exporter(Server):
    """One exporter; ready when it shows metrics."""

    def __init__(self, name: str, flag: str, arguments: Sequence[str] = ()) -> None:
        """`name` without `prometheus-`; `flag` gives the address to listen on."""
        self.name = name
        super().__init__()
        self._flag = flag
        self.arguments = list(arguments)

    def metrics(self) -> str:
        """Its metrics now."""
        answer = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5)
        answer.raise_for_status()
        return answer.text

    def _prepare(self) -> None:
        """Does nothing: there is no configuration."""

    def _command(self) -> list[str]:
        package = f"prometheus-{self.name}"
        return [program(package, package), f"{self._flag}=127.0.0.1:{self.port}", *self.arguments]

    def _answers(self) -> bool:
        try:
            return "# TYPE" in self.metrics()
        except requests.RequestException:
            return False


def of_mariadb(address: MariaDBAddress) -> Exporter:
    """The exporter of a MariaDB, as its role starts it."""
    exporter = Exporter("mysqld-exporter", "--web.listen-address")
    login = f"[client]\nuser = {USER}\npassword = {address.password}\nhost = 127.0.0.1\nport = {address.port}\n"
    return _with_file(exporter, "my.cnf", login, "--config.my-cnf={}")


def of_redis(port: int) -> Exporter:
    """The exporter of a Redis."""
    return Exporter("redis-exporter", "-web.listen-address", [f"-redis.addr=redis://127.0.0.1:{port}"])


def of_this_machine() -> Exporter:
    """The exporter of this machine, with the text files of a backup and of a certificate."""
    exporter = with_backup(Exporter("node-exporter", "--web.listen-address"))
    text = f'# TYPE {WRITTEN_BY_PKI} gauge\n{WRITTEN_BY_PKI}{{name="ca"}} {time.time() + 90 * 86_400:.0f}\n'
    return _with_file(exporter, "payops-certificates.prom", text)


def with_backup(exporter: Exporter) -> Exporter:
    """A node exporter with a last backup that was made now."""
    text = f"# TYPE {WRITTEN_BY_BACKUP} gauge\n{WRITTEN_BY_BACKUP} {time.time():.0f}\n"
    exporter = _with_file(exporter, "payops-backup.prom", text)
    exporter.arguments.append(f"--collector.textfile.directory={exporter.folder}")
    return exporter


def _with_file(exporter: Exporter, name: str, text: str, argument: str = "") -> Exporter:
    path = Path(exporter.folder) / name
    path.touch(mode=0o600)
    path.write_text(text)
    if argument:
        exporter.arguments.append(argument.format(path))
    return exporter
