"""Redis 7 as a private server without persistence."""

from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from stack.server import Server, program


@dataclass(frozen=True)
class RedisAddress:
    """The address of a server with 16 databases."""

    port: int

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.database_url(0)

    def database_url(self, number: int) -> str:
        """The URL of database `number`, 0 to 15."""
        return f"redis://127.0.0.1:{self.port}/{number}"


class RedisServer(Server):
    """redis-server; its data ends with it."""

    name = "redis"

    def __init__(self) -> None:
        """Pick a port and a folder; nothing runs yet."""
        super().__init__()
        self.address = RedisAddress(self.port)

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.address.url

    def _prepare(self) -> None:
        program("redis-server", "redis-server")

    def _command(self) -> list[str]:
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no"}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [program("redis-server", "redis-server"), *arguments, "--dir", str(self.folder)]

    def _answers(self) -> bool:
        with Redis.from_url(
            self.url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        ) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False
