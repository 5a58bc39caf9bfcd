"""Lists of merchants and keys: of one merchant, one kind, one id."""

from collections.abc import Iterator

import pytest

from payments.merchants.hashing import Peppers
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.test_keys import bearer, code, new_key


@pytest.fixture
def api(sqlite_url: str, redis_url: str) -> Iterator[Api]:
    """An application without required keys, with the merchants M1 and M2."""
    with serving(sqlite_url, redis_url, peppers=Peppers([(1, b"p" * 32)])) as api:
        for merchant in ("M1", "M2"):
            assert (
                api.post("/merchants", {"merchantId": merchant, "name": merchant, "mode": "TEST"}, **ADMIN).status_code
                == 200
            )
        yield api


def test_lists_are_of_one_merchant_one_kind_or_one_id(api: Api) -> None:
    key, operator = new_key(api), api.post("/api-keys", {"name": "kim"}, **ADMIN).get_json()

    def ids(path: str, field: str, headers: dict[str, str] = ADMIN) -> list[str]:
        answer = api.http.get(path, headers=headers)
        assert answer.status_code == 200, answer.get_json()
        return [str(item[field]) for item in answer.get_json()["items"]]

    assert ids("/merchants?merchantId=M2", "merchantId") == ["M2"]
    assert ids("/merchants?merchantId=M", "merchantId") == []
    assert ids("/api-keys?kind=OPERATOR", "keyId") == [operator["keyId"]]
    assert ids("/api-keys?kind=MERCHANT", "keyId") == [key["keyId"]]
    assert ids(f"/api-keys?keyId={key['keyId']}", "keyId") == [key["keyId"]]
    assert ids("/api-keys?keyId=0000000000", "keyId") == []
    assert ids("/api-keys?kind=OPERATOR", "keyId", bearer(key)) == [], "a merchant's key sees its merchant's alone"
    assert ids(f"/api-keys?keyId={operator['keyId']}", "keyId", bearer(key)) == []
    for wrong in ("/api-keys?kind=ALL", "/api-keys?keyId=short", "/merchants?merchantId="):
        assert code(api.http.get(wrong, headers=ADMIN)) == (400, "VALIDATION_FAILED")
