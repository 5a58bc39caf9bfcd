"""The shop's files as the api serves them: caching, safety, unknown paths, nothing to serve yet, nothing at all."""

from pathlib import Path

import pytest

from app.routes.shop import PAGES, SECTIONS
from tests.integration.api.conftest import Make

INDEX = b"<!doctype html><title>shop</title>"
SHOWN = [
    "/",
    "/orders",
    "/orders/7",
    "/console",
    *(f"/console/{section}" for section in SECTIONS),
    "/console/payments/7",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dist/assets").mkdir(parents=True)
    (tmp_path / "dist/index.html").write_bytes(INDEX)
    (tmp_path / "dist/assets/index-abc.js").write_text("1")
    (tmp_path / "dist/secret").write_text("not for everybody")
    return tmp_path / "dist"


def test_each_page_is_the_one_page_and_asks_again_next_time(make_api: Make, folder: Path) -> None:
    assert len(SHOWN) == len(PAGES) - 1 + len(SECTIONS)
    with make_api(shop_folder=folder) as api:
        answers = [api.http.get(path) for path in SHOWN]
        for answer in answers:
            assert (answer.status_code, answer.data, answer.headers["Cache-Control"]) == (200, INDEX, "no-cache")
        again = api.http.get("/", headers={"If-None-Match": answers[-1].headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        (folder / "index.html").write_bytes(INDEX + b"!")
        assert api.http.get("/", headers={"If-None-Match": answers[-1].headers["ETag"]}).status_code == 200


def test_assets_are_kept_for_ever(make_api: Make, folder: Path) -> None:
    with make_api(shop_folder=folder) as api:
        answer = api.http.get("/assets/index-abc.js")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"].startswith("text/javascript")
        again = api.http.get("/assets/index-abc.js", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_every_answer_is_safe(make_api: Make, folder: Path) -> None:
    with make_api(shop_folder=folder) as api:
        for path in ("/", "/assets/index-abc.js", "/assets/nothing.js"):
            headers = api.http.get(path).headers
            assert "script-src 'self';" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/orders/x",
        "/console/nothing",
        "/console/payments/x",
        "/assets/nothing.js",
        "/assets/../secret",
        "/assets/%2e%2e/secret",
    ],
)
def test_unknown_paths_stay_problems(make_api: Make, folder: Path, path: str) -> None:
    with make_api(shop_folder=folder) as api:
        answer = api.http.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


def test_before_it_is_built_the_page_says_so_and_reloads(make_api: Make, folder: Path) -> None:
    with make_api(shop_folder=folder / "later") as api:
        answer = api.http.get("/")
        assert b"is being built" in answer.data
        assert b'http-equiv="refresh"' in answer.data
        (folder / "later").mkdir()
        (folder / "later/index.html").write_bytes(INDEX)
        assert api.http.get("/").data == INDEX


def test_without_a_shop_the_page_says_so(make_api: Make) -> None:
    with make_api() as api:
        answer = api.http.get("/")
        assert b"serves no shop" in answer.data
        assert b"refresh" not in answer.data
        assert api.http.get("/assets/index-abc.js").status_code == 404


def test_files_are_not_limited_by_address(make_api: Make, folder: Path) -> None:
    with make_api(shop_folder=folder, read_capacity=2) as api:
        for _ in range(5):
            assert api.http.get("/assets/index-abc.js").status_code == 200
            assert api.http.get("/").status_code == 200
        assert api.http.get("/payments?merchantId=M1").status_code == 200
        assert "X-RateLimit-Limit" not in api.http.get("/").headers
