"""The built shop and its sources: size, agreement with the API, `make run` serving it, and no Node on the machine."""

import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app.__main__ import unconnected
from app.api.openapi import document
from app.routes.shop import PAGES, SECTIONS
from payments.platform.problems import PROBLEMS
from payments.platform.values.money import DECIMALS, MAX_AMOUNT
from stack import node, shop

SOURCES = shop.FRONTEND / "src"
LARGEST_FIRST_LOAD = 200 * 1024
"""Gzipped bytes over the network until the shop is shown."""

pytestmark = pytest.mark.timeout(500)


def first_load(dist: Path) -> int:
    """Gzipped bytes of index.html and of all files that it names."""
    index = (dist / "index.html").read_bytes()
    named = re.findall(rb'(?:src|href)="/(assets/[^"]+)"', index)
    return sum(
        len(gzip.compress(part, 6)) for part in [index, *((dist / name.decode()).read_bytes() for name in named)]
    )


def test_the_first_load_is_small_and_everything_is_our_own() -> None:
    dist = shop.build()
    index = (dist / "index.html").read_text()
    assert len(re.findall(r"assets/[^\"]+\.(?:js|css)", index)) >= 2
    assert first_load(dist) <= LARGEST_FIRST_LOAD
    assert not re.search(r"<script>|<style|https?://", index)
    for file in dist.rglob("*.css"):
        assert "http" not in file.read_text()


def test_a_planted_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script src="/assets/a.js"></script>')
    (tmp_path / "assets/a.js").write_bytes(os.urandom(LARGEST_FIRST_LOAD))
    assert first_load(tmp_path) > LARGEST_FIRST_LOAD


def test_the_types_are_those_of_the_api(tmp_path: Path) -> None:
    """After a change of the API: the command in frontend/README.md."""
    described, made = tmp_path / "openapi.json", tmp_path / "schema.ts"
    described.write_text(json.dumps(document(unconnected())))
    tool = "node_modules/openapi-typescript/bin/cli.js"
    command = [shop.with_packages().node, tool, "--alphabetize", str(described), "-o", str(made)]
    subprocess.run(command, cwd=shop.FRONTEND, check=True, capture_output=True)
    assert made.read_text() == (SOURCES / "api/schema.ts").read_text()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_code_of_the_api_has_words(language: str) -> None:
    texts = (SOURCES / f"i18n/{language}.ts").read_text().split("  problem: {")[1]
    own = {"NETWORK", "UNREADABLE", "DOWNLOAD_BROKEN", "CARD_NOT_ACCEPTED", "CARD_TOKEN_MISSING"}
    assert set(re.findall(r"^    ([A-Z_]+):", texts, re.MULTILINE)) == {*PROBLEMS, *own}


def test_the_decimals_are_those_of_the_api() -> None:
    text = (SOURCES / "money/money.ts").read_text()
    tables = {name: set(words.split()) for name, words in re.findall(r'(\w+)_DECIMALS = new Set\("([A-Z ]+)"', text)}
    assert tables["NO"] == {code for code, decimals in DECIMALS.items() if decimals == 0}
    assert tables["THREE"] == {code for code, decimals in DECIMALS.items() if decimals == 3}
    assert set(DECIMALS.values()) == {0, 2, 3}
    assert f"MAX_AMOUNT = {MAX_AMOUNT:_}" in text


def test_the_pages_are_those_that_the_api_serves() -> None:
    routes = re.findall(r': "(/[^"]*)"', (SOURCES / "app/routes.ts").read_text())
    served = {
        re.sub(r"<(?:id:)?(\w+)>", lambda found: f":{found[1]}", page).replace("payment_id", "paymentId")
        for page in PAGES
    }
    assert set(routes) == served
    pages = (SOURCES / "features/console/pages.ts").read_text()
    assert set(re.findall(r'"/console/([^"]+)"', pages)) == set(SECTIONS)


def test_a_shop_that_cannot_be_built_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> node.Node:
        raise node.NoNode("Node could not be fetched: no network.")

    monkeypatch.setattr(shop, "is_built", lambda: False)
    monkeypatch.setattr(shop, "find", none)
    assert shop.main("http://127.0.0.1:1/") == 1
    output = capsys.readouterr()
    assert "The shop could not be built; everything else runs. Node could not be fetched" in output.err
    assert "the shop is ready" not in output.out


def test_a_tool_that_fails_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shop, "LOG", tmp_path / "log")
    with shop.LOG.open("w") as log, pytest.raises(shop.NotBuilt, match=r"(?s)code 3; the end of .*no such thing"):
        shop.run(["sh", "-c", "echo no such thing; exit 3"], log)


def test_without_node_on_the_path_pypi_has_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.19.0\n")
    old.chmod(0o755)
    (tmp_path / "npm").symlink_to(old)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    found = node.find()
    assert Path(found.node).is_relative_to(node.FETCHED)
    said = subprocess.run([*found.npm, "--version"], capture_output=True, text=True, check=True).stdout
    assert int(said.split(".")[0]) >= 10
