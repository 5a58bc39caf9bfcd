"""Two operators decide over HTTP what an acquirer does not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, update

from payments.platform.database import create_engine
from payments.platform.tables.acquirer import acquirer_operation
from tests.contracts.at_acquirer import taken_back
from tests.integration.api.conftest import Api, serving
from tests.integration.api.desk import PEPPERS, get, key


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application with keys."""
    with serving(database_url, redis_url, peppers=PEPPERS) as made:
        yield made


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def test_what_takes_an_operation_back_is_decided(api: Api, engine: Engine) -> None:
    reversal = taken_back(engine).operations()[-1]  # of no request, so it has no trace
    assert (reversal.reverses, reversal.headers) == (1, "{}")
    where = acquirer_operation.c.operation_id == reversal.operation_id
    with engine.begin() as connection:
        connection.execute(update(acquirer_operation).where(where).values(state="MANUAL", next_enquiry_at=None))
    path, body = f"/acquirer-operations/{reversal.operation_id}", {"outcome": "APPROVED", "reason": "their statement"}
    for name, state in (("kim", "MANUAL"), ("lee", "APPROVED")):
        answer = api.http.post(f"{path}/decide", json=body, headers=key(api, name, scopes=["read", "operate"]))
        assert (answer.status_code, answer.get_json().get("state")) == (200, state), answer.get_json()
    assert get(api, path)["state"] == "APPROVED"
