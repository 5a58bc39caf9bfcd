"""The keys that a load makes for itself: how long they work, where they are kept, who else may use them."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from load.api import Api
from load.errors import NoAnswer, NotRun
from load.keys import id_of
from load.merchants import SCOPES, with_keys
from payments.merchants.key_form import Prefix, new_key

IDS = ("LOAD-0000", "LOAD-0001")


@dataclass(frozen=True)
class Keys(Api):
    """An API that only keeps keys: id → whether it works. `dies_after`: so many of them are made."""

    working: dict[str, bool] = field(default_factory=dict)
    owners: list[tuple[str | None, Sequence[str]]] = field(default_factory=list)
    dies_after: int = 99
    dead: list[bool] = field(default_factory=list)

    def make_merchant(self, _merchant_id: str) -> None:
        self._answer()

    def make_key(self, merchant_id: str | None, scopes: Sequence[str] = (), _seconds: int = 0) -> str:
        self._answer()
        if len(self.owners) == self.dies_after:
            raise NoAnswer("no more keys")
        key = new_key(Prefix.TEST).text
        self.working[id_of(key)] = True
        self.owners.append((merchant_id, scopes))
        return key

    def revoke(self, key_id: str, _reason: str) -> None:
        self._answer()
        self.working[key_id] = False

    def _answer(self) -> None:
        if self.dead:
            raise NoAnswer("it does not answer")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "load-keys"


def test_each_merchant_has_a_key_until_the_end(path: Path) -> None:
    api = Keys("", "")
    with with_keys(api, IDS, path):
        assert api.owners == [(merchant_id, SCOPES) for merchant_id in IDS]
        assert [id_of(key) for key in path.read_text().splitlines()] == list(api.working)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(api.working.values()) == {False}
    assert path.read_text() == ""


def test_a_load_that_fails_ends_its_keys(path: Path) -> None:
    api = Keys("", "")
    with pytest.raises(NotRun), with_keys(api, IDS, path):
        raise NotRun
    assert set(api.working.values()) == {False}


def test_keys_made_before_one_cannot_be_made_end(path: Path) -> None:
    api = Keys("", "", dies_after=1)
    with pytest.raises(NoAnswer, match="no more keys"), with_keys(api, IDS, path):
        pytest.fail("there is one key for two merchants")
    assert list(api.working.values()) == [False]


def test_the_next_load_ends_the_keys_of_one_that_was_killed(path: Path) -> None:
    api = Keys("", "")
    left = api.make_key("LOAD-0000")
    path.write_text(f"{left}\n")
    path.chmod(0o644)
    with with_keys(api, IDS, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not api.working[id_of(left)]
        assert sorted(api.working.values()) == [False, True, True]


def test_one_load_at_a_time(path: Path) -> None:
    api = Keys("", "")
    with with_keys(api, IDS, path):
        with pytest.raises(NotRun, match=r"^Another load uses the keys of .*; wait until it has ended\.$"):
            with_keys(api, IDS, path).__enter__()
        assert list(api.working.values()) == [True, True]


def test_a_platform_that_has_gone_keeps_the_file_for_the_next_load(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = Keys("", "")
    with with_keys(api, IDS, path):
        api.dead.append(True)
    said = capsys.readouterr().err
    assert said == f"The keys of {path} still work, the next load revokes them: it does not answer\n"
    kept = path.read_text().splitlines()
    assert len(kept) == len(IDS)
    assert not any(key in said for key in kept)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine\n")
    path.symlink_to(other)
    with pytest.raises(NotRun, match=r"load-keys cannot be written: .*symbolic links\.$"):
        with_keys(Keys("", ""), IDS, path).__enter__()
    assert other.read_text() == "mine\n"
