"""An operator's action that meets a lock of another one waits for it: nobody gets a 500."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text

from payments.platform.tables.settlement import settlement_batch
from tests.integration.api.conftest import ADMIN, Api
from tests.integration.api.desk import WHY, desk, settled
from tests.servers import until

# MariaDB shows anew only what was not asked for during the last 0.1 s
WAITING = text("SELECT trx_wait_started FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")


@pytest.fixture
def both(mariadb_url: str, redis_url: str) -> Iterator[tuple[Api, Engine]]:
    with desk(mariadb_url, redis_url) as found:
        yield found


def test_an_action_waits_longer_than_the_database_lets_it(both: tuple[Api, Engine]) -> None:
    api, engine = both
    batch_id = settled(engine)
    answers: list[Any] = []
    approve = Thread(target=lambda: answers.append(api.post(f"/settlement-batches/{batch_id}/approve", WHY, **ADMIN)))
    with engine.connect() as holder, engine.connect() as watcher:
        holder.execute(select(settlement_batch).where(settlement_batch.c.batch_id == batch_id).with_for_update())
        approve.start()
        waited: set[Any] = set()
        # it waits a second time: the first one it was refused the lock, after a second
        until(lambda: _two(watcher, waited) or not approve.is_alive(), "a second attempt", interval=0.2)
        holder.rollback()
        approve.join()
    assert answers[0].status_code == 200, answers[0].get_json()
    assert answers[0].get_json()["state"] == "APPROVED"


def _two(connection: Connection, waited: set[Any]) -> bool:
    waited.update(connection.execute(WAITING).scalars())
    connection.rollback()
    return len(waited) > 1
