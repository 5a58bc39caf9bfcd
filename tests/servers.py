"""The servers of a pytest run, and a test's part of them: a database, a Redis number, empty topics.

One MariaDB and one Redis serve a whole run (also that of several xdist workers); Kafka is one per worker.
"""

import subprocess
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from pymysql import OperationalError
from pymysql.constants import ER
from tenacity import RetryError, Retrying, retry_if_exception, retry_if_result, stop_after_delay, wait_fixed

from payments.migrations import migrate
from stack.mariadb import USER, MariaDBAddress, MariaDBServer
from stack.redis import RedisAddress, RedisServer
from stack.server import program

_OWN_ID: Final = "UPDATE platform SET id = REPLACE(UUID(), '-', '');\n"

KAFKA_SECONDS = 30.0


def until(condition: Callable[[], Any], what: str, *, seconds: float = 30.0, interval: float = 0.05) -> Any:
    """Call `condition` until its result is true; returns it. AssertionError naming `what` after `seconds`.

    Use fewer seconds than the default only for times that the architecture promises: on a busy machine a delay of a few
    seconds means nothing.
    """
    waiting = Retrying(
        retry=retry_if_result(lambda value: not value), stop=stop_after_delay(seconds), wait=wait_fixed(interval)
    )
    try:
        return waiting(condition)
    except RetryError:
        raise AssertionError(f"not within {seconds:g} s: {what}") from None


class SharedServers:
    """MariaDB and Redis, each started at first use, by the process that owns the run."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._running = ExitStack()
        self._mariadb: MariaDBServer | None = None
        self._redis: RedisServer | None = None

    def mariadb(self) -> MariaDBAddress:
        """The address of the one MariaDB."""
        if self._mariadb is None:
            self._mariadb = self._running.enter_context(MariaDBServer())
        return self._mariadb.address

    def redis(self) -> RedisAddress:
        """The address of the one Redis."""
        if self._redis is None:
            self._redis = self._running.enter_context(RedisServer())
        return self._redis.address

    def close(self) -> None:
        """End both."""
        self._running.close()


@contextmanager
def empty_database(address: MariaDBAddress) -> Iterator[str]:
    """The URL of a new database without tables; dropped afterwards."""
    name = f"paydb_{uuid.uuid4().hex[:12]}"
    address.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
    try:
        yield address.database_url(name)
    finally:
        drop(address, name)


def drop(address: MariaDBAddress, database: str, *, seconds: float = 30.0) -> None:
    """Drop a database. pymysql.OperationalError when its folder is not empty for `seconds`.

    InnoDB's purge may be deleting the file of a table just then: the statement drops the tables and fails over the
    folder, and another one drops the rest.
    """
    again = retry_if_exception(_is_folder_not_empty)
    trying = Retrying(retry=again, stop=stop_after_delay(seconds), wait=wait_fixed(0.1), reraise=True)
    trying(address.execute, f"DROP DATABASE {database}")


def _is_folder_not_empty(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and error.args[0] == ER.DB_DROP_RMDIR


def schema_of_migrations(address: MariaDBAddress) -> str:
    """The migrations' schema as SQL, which loads in half the time of running them."""
    with empty_database(address) as url:
        migrate(url)
        dump = ["mariadb-dump", "--routines", "--triggers", "--skip-comments", url.rsplit("/", 1)[1]]
        return _client(address, dump, "")


@contextmanager
def migrated_database(address: MariaDBAddress, schema: str | None = None) -> Iterator[str]:
    """The URL of a new database with all tables, by `schema` when given, else by the migrations; dropped afterwards.

    Its platform id is its own: what is in Redis by another database's is not its.
    """
    with empty_database(address) as url:
        if schema is None:
            migrate(url)
        else:
            _client(address, ["mariadb", url.rsplit("/", 1)[1]], schema + _OWN_ID)
        yield url


def _client(address: MariaDBAddress, command: list[str], text: str) -> str:
    name, *arguments = command
    account = ["--no-defaults", "--host=127.0.0.1", f"--port={address.port}", f"--user={USER}"]
    done = subprocess.run(
        [program(name, "mariadb-client"), *account, *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={"MYSQL_PWD": address.password},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def empty_topics(bootstrap: str, names: Iterable[str], partitions: int) -> None:
    """Make `names` the only topics, empty and with a leader, and remove all consumer groups."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    present = _topics(admin)
    if present:
        for done in admin.delete_topics(list(present)).values():
            done.result(KAFKA_SECONDS)
    until(lambda: _delete_groups(admin), "all consumer groups are gone", seconds=KAFKA_SECONDS)
    until(lambda: not _topics(admin), "all topics are gone", seconds=KAFKA_SECONDS)
    wanted = dict.fromkeys(names, partitions)
    for done in admin.create_topics([NewTopic(name, partitions, 1) for name in wanted]).values():
        done.result(KAFKA_SECONDS)
    until(lambda: _topics(admin) == wanted, "all topics have their partitions", seconds=KAFKA_SECONDS)


def _topics(admin: AdminClient) -> dict[str, int]:
    """Each topic with the number of its partitions that have a leader; not Kafka's own topics."""
    known = admin.list_topics(timeout=KAFKA_SECONDS).topics
    led = {name: sum(part.leader >= 0 for part in topic.partitions.values()) for name, topic in known.items()}
    return {name: count for name, count in led.items() if not name.startswith("__")}


def _delete_groups(admin: AdminClient) -> bool:
    """Try to delete every group; False while there are some: a killed process leaves its group seconds later."""
    groups = [group.group_id for group in admin.list_consumer_groups().result(KAFKA_SECONDS).valid]
    try:
        for done in admin.delete_consumer_groups(groups).values() if groups else ():
            done.result(KAFKA_SECONDS)
    except KafkaException:
        return False
    return True
