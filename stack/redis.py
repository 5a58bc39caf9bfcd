"""Redis 7 as a private server without persistence."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from stack.certificates import CERTIFICATE, KEY, Leaf
from stack.server import Server, program


@dataclass(frozen=True)
class RedisAddress:
    """The address of a server with 16 databases."""

    port: int
    scheme: str = "redis"

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.database_url(0)

    def database_url(self, number: int) -> str:
        """The URL of database `number`, 0 to 15."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{number}"


class RedisServer(Server):
    """redis-server; its data ends with it.

    With `tls` its one port speaks TLS 1.2 and newer by that leaf. `options` are added to its configuration.
    """

    name = "redis"

    def __init__(self, tls: Leaf | None = None, options: Mapping[str, str] | None = None) -> None:
        """Pick a port and a folder; nothing runs yet."""
        super().__init__()
        self.address = RedisAddress(self.port, "rediss" if tls else "redis")
        self._leaf = tls
        self._socket = str(self.folder / "s.sock")
        self._options = {"port": str(self.port), **(self._tls_options() if tls else {}), **(options or {})}

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.address.url

    def use(self, leaf: Leaf) -> None:
        """Show another leaf to new connections, without a restart."""
        leaf.copy_to(self.folder)
        with self._client() as client:
            client.config_set("tls-cert-file", str(self.folder / CERTIFICATE))

    def _tls_options(self) -> dict[str, str]:
        return {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(self.folder / CERTIFICATE),
            "tls-key-file": str(self.folder / KEY),
            "tls-auth-clients": "no",
            "tls-protocols": "TLSv1.2 TLSv1.3",
            "unixsocket": self._socket,
        }

    def _prepare(self) -> None:
        if self._leaf:
            self._leaf.copy_to(self.folder)
        program("redis-server", "redis-server")

    def _command(self) -> list[str]:
        options = {"bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no", **self._options}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [program("redis-server", "redis-server"), *arguments, "--dir", str(self.folder)]

    def _answers(self) -> bool:
        with self._client() as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def _client(self) -> Redis:
        """By the socket where there is TLS: of use with any certificate."""
        url = f"unix://{self._socket}" if self._leaf else self.url
        return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
