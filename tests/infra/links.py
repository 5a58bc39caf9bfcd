"""The links between machines: how each is used rightly and wrongly, from the machine that uses it."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testinfra.host import Host

from tests.infra import clients, inventory

MARIADB: Final = 3306
RIGHT, PLAIN, AUTHORITY, NAME = "right", "plain", "another authority", "another name"
SYSTEMS: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Authorities that the machine trusts, and that have signed nothing of ours."""
LATER: Final = 400 * 86400
"""Seconds. By then each certificate has ended, and its authority, of ten years, has not."""
_SPEAKING: Final = (Path(__file__).parent / "speaking.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Said:
    """Whether a connection was made and answered, and what the client said."""

    passed: bool
    text: str


@dataclass(frozen=True)
class Link(ABC):
    """From the first machine of a group to a port of the first of another."""

    source: str
    target: str
    port: int

    @property
    def address(self) -> str:
        """The server's."""
        return inventory.first_address(self.target)

    @abstractmethod
    def speak(self, host: Host, kind: str) -> Said:
        """Connect from `host` in that way."""

    def hello(self, host: Host, *options: str) -> Said:
        """A TLS handshake by OpenSSL, which shows what the server does with these options; no request."""
        return hello(host, self.address, self.port, *options)


def hello(host: Host, address: str, port: int, *options: str) -> Said:
    """A TLS handshake from `host`: `text` has the certificate of a server that speaks TLS."""
    start = ("-starttls", "mysql") if port == MARIADB else ()
    words = " ".join(["%s"] * len((*start, *options)))
    command = f"timeout 10 openssl s_client -connect %s {words} </dev/null 2>&1"
    done = host.run(command, f"{address}:{port}", *start, *options)
    return Said(done.rc == 0, done.stdout)


def later() -> str:
    """A moment when the certificates have ended, for OpenSSL's -attime."""
    return str(int(time.time()) + LATER)


@dataclass(frozen=True)
class OurOwn(Link):
    """A link of our processes, by the code of the release that is on the machine."""

    way: str
    user: str

    def speak(self, host: Host, kind: str) -> Said:
        given: dict[str, Any] = {"link": self.way, "host": self.address, "port": self.port, "user": self.user}
        given["password"] = inventory.secrets()[f"vault_{self.way}_{self.user}_password"]
        given["ca"] = {PLAIN: None, AUTHORITY: SYSTEMS}.get(kind, clients.CA)
        given["renamed"] = kind == NAME
        answer = clients.run(host, _SPEAKING, given)
        assert not answer.error, answer.error
        return Said(answer.value["passed"], answer.value["said"])


@dataclass(frozen=True)
class Web(Link):
    """A link by HTTPS. `certificate`: the client's, of role pki, where the server asks for one."""

    path: str
    certificate: str = ""

    def speak(self, host: Host, kind: str) -> Said:
        return self.fetch(host, kind, self.certificate)

    def fetch(self, host: Host, kind: str, certificate: str) -> Said:
        """The same with this certificate, or with none."""
        options = ["--cacert", SYSTEMS if kind == AUTHORITY else clients.CA]
        if certificate:
            options += ["--cert", f"/etc/payops-pki/{certificate}.pem", "--key", f"/etc/payops-pki/{certificate}.key"]
        name = "elsewhere.example" if kind == NAME else self.address
        options += ["--connect-to", f"{name}:{self.port}:{self.address}:{self.port}"]
        url = f"{'http' if kind == PLAIN else 'https'}://{name}:{self.port}{self.path}"
        words = " ".join(["%s"] * len(options))
        done = host.run(f"curl --silent --show-error --fail-with-body --max-time 10 {words} %s 2>&1", *options, url)
        return Said(done.rc == 0, done.stdout)


@dataclass(frozen=True)
class Loopback(Link):
    """A link of a machine with itself, whose programs speak a language of their own: the handshake, by OpenSSL."""

    @property
    def address(self) -> str:
        return "127.0.0.1"

    def speak(self, host: Host, kind: str) -> Said:
        if kind == PLAIN:
            done = host.run("curl --silent --show-error --max-time 10 %s 2>&1", f"http://{self.address}:{self.port}/")
            return Said(done.rc == 0, done.stdout)
        authorities = SYSTEMS if kind == AUTHORITY else clients.CA
        name = ("-verify_hostname", "elsewhere.example") if kind == NAME else ("-verify_ip", self.address)
        return self.hello(host, "-CAfile", authorities, "-verify_return_error", *name)


LINKS: Final[dict[str, Link]] = {
    "api to MariaDB": OurOwn("application", "database", 3306, "mariadb", "api"),
    "api to Redis": OurOwn("application", "cache", 6379, "redis", "app"),
    "relay to Kafka": OurOwn("application", "broker", 9092, "kafka", "relay"),
    "Prometheus to node exporter": Web("observability", "application", 9100, "/metrics", "prometheus"),
    "Prometheus to MariaDB's exporter": Web("observability", "database", 9104, "/metrics", "prometheus"),
    "Prometheus to Redis' exporter": Web("observability", "cache", 9121, "/metrics", "prometheus"),
    "Prometheus to the application": Web("observability", "application", 9443, "/metrics/gate", "prometheus"),
    "client to the gate": Web("observability", "application", 443, "/health/live"),
    "browser to the pages": Web("observability", "observability", 443, "/"),
    "browser to Jenkins": Web("build", "build", 443, "/login"),
    "Kafka to its controller": Loopback("broker", "broker", 9094),
}
