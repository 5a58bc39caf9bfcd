"""nginx lets operators send settlement files of 8 MiB, to one path alone."""

from collections.abc import Iterator

import pytest
import requests

from payments.platform.problems import PROBLEMS
from payments.reconciliation.uploads import LARGEST
from tests.nginx_role import Nginx
from tests.serving import Answer, Server, serving

FILES = "/reconciliation/files"


@pytest.fixture
def api() -> Iterator[Server]:
    """An instance that takes everything."""
    with serving(lambda _request, _url: Answer(202, {}, {})) as server:
        yield server


@pytest.fixture
def urls(api: Server) -> Iterator[list[str]]:
    """The api's URL, and that of the console's pages."""
    with Nginx([int(api.url.rpartition(":")[2])]) as nginx:
        yield [nginx.url, f"http://127.0.0.1:{nginx.shop_port}"]


def send(url: str, size: int) -> requests.Response:
    return requests.post(url, data=b"x" * size, headers={"Content-Type": "text/csv"}, timeout=30)


def test_a_settlement_file_comes_whole(urls: list[str], api: Server) -> None:
    for url in urls:
        assert send(f"{url}{FILES}?name=a.csv", LARGEST + 1).status_code == 202, "the api says what is too large"
    assert [len(request.body) for request in api.requests] == [LARGEST + 1] * 2


def test_what_is_far_too_large_is_told_so(urls: list[str], api: Server) -> None:
    answer = send(f"{urls[0]}{FILES}", LARGEST + 2**20 + 1)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == PROBLEMS["PAYLOAD_TOO_LARGE"] == (413, problem["title"])
    assert "8 MiB" in problem["message"]
    assert api.requests == []


@pytest.mark.parametrize(
    "path", ["/reconciliation/files/1", "/reconciliation", "/payments/authorize", "//reconciliation/files/"]
)
def test_no_other_path_takes_so_much(urls: list[str], api: Server, path: str) -> None:
    answer = send(urls[0] + path, 70_000)
    assert (answer.status_code, answer.json()["message"]) == (413, "A body may have 16 KiB.")
    assert api.requests == []
