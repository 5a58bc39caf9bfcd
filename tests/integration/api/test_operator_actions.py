"""GET /operator-actions: everything that operators did, in pages, for operators alone."""

from tests.integration.api.conftest import ADMIN, Api


def test_actions_come_newest_first_in_pages(api: Api) -> None:
    for name in ("M1", "M2", "M3"):
        body = {"merchantId": name, "name": name, "mode": "TEST"}
        assert api.http.post("/merchants", json=body, headers=ADMIN).status_code == 200
    first = api.http.get("/operator-actions?limit=2", headers=ADMIN).get_json()
    assert [item["target"] for item in first["items"]] == ["merchant M3", "merchant M2"]
    second = api.http.get(f"/operator-actions?limit=2&cursor={first['nextCursor']}", headers=ADMIN).get_json()
    (last,) = second["items"]
    assert second["nextCursor"] is None
    at, number = last.pop("at"), last.pop("id")
    assert at < first["items"][1]["at"]
    assert number < first["items"][1]["id"]
    assert last == {
        "actor": "api:127.0.0.1",
        "action": "merchant.create",
        "target": "merchant M1",
        "detail": "TEST: M1",
    }


def test_only_with_the_token(api: Api) -> None:
    answer = api.http.get("/operator-actions")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
