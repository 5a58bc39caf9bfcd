"""The report of a failed test shows how its servers were."""

from dataclasses import dataclass

from stack.redis import RedisServer
from tests import server_logs


@dataclass
class World:
    """As the fixtures of some tests are."""

    size: int
    redis: RedisServer


def test_it_has_the_end_of_the_log_of_each_server_once(own_redis: RedisServer) -> None:
    own_redis.kill()
    [(title, text)] = server_logs.sections([own_redis, "else", World(1, own_redis), World])
    assert title == "redis ended with code -9"
    assert "Ready to accept connections" in text
