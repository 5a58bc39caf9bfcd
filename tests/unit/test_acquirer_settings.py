"""Where the acquirer is: both settings or neither, no secret in the clear, and none that is shown."""

import pytest

from app.routes.shop import safety
from app.services import Tokens
from payments.config import BadSettings, load

NEEDED = {"DATABASE_URL": "sqlite:///payops.db"}
KEY = "hidden-hidden-hidden"
PAIRS = [("APP_ACQUIRER_URL", "APP_ACQUIRER_KEY"), ("APP_ACQUIRER_PUBLIC_URL", "APP_ACQUIRER_PUBLISHABLE_KEY")]


def refused(**environment: str) -> str:
    with pytest.raises(BadSettings) as caught:
        load(NEEDED | environment)
    (line,) = str(caught.value).splitlines()[1:]
    return line.strip()


@pytest.mark.parametrize(("address", "key"), PAIRS)
def test_the_address_and_its_key_are_set_together(address: str, key: str) -> None:
    values = {address: "http://localhost:8090", key: KEY}
    load(NEEDED | values)
    for name, value in values.items():
        assert refused(**{name: value}).startswith(f"{address} and {key} must be set together")


@pytest.mark.parametrize(
    "address",
    [
        "https://acquirer.example",
        "https://acquirer.example:8443",
        "http://localhost:8090",
        "http://psp:8090",
        "http://127.0.0.1:8090",
        "http://10.1.2.3",
        "http://[::1]:8090",
        "http://192.168.56.30:8090/",
    ],
)
def test_addresses(address: str) -> None:
    settings = load(NEEDED | {"APP_ACQUIRER_URL": address, "APP_ACQUIRER_KEY": KEY})
    assert settings.acquirer_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://acquirer.example",
        "http://8.8.8.8",
        "http://134744072",
        "http://0x08080808",
        "https://user@acquirer.example",
        "https://acquirer.example/v1",
        "https://acquirer.example?x=1",
        "https://acquirer.example:port",
        "ftp://localhost",
        "localhost:8090",
        "https://",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    assert refused(APP_ACQUIRER_URL=address, APP_ACQUIRER_KEY=KEY).startswith("APP_ACQUIRER_URL must be https://host")


def test_browsers_may_get_tokens_at_a_path_of_the_shops_own_address() -> None:
    given = NEEDED | {"APP_ACQUIRER_PUBLISHABLE_KEY": KEY}
    settings = load(given | {"APP_ACQUIRER_PUBLIC_URL": "/acquirer"})
    assert settings.acquirer_public_url == "/acquirer"
    assert safety(Tokens("/acquirer/v1/tokens", KEY)) == safety(None)
    assert safety(Tokens("https://acquirer.example/v1/tokens", KEY)) != safety(None)


@pytest.mark.parametrize("path", ["/", "//acquirer.example", "/acquirer/", "/a b", "/..", "acquirer", "/a;x", "/a\nb"])
def test_paths_that_are_refused(path: str) -> None:
    line = refused(APP_ACQUIRER_PUBLIC_URL=path, APP_ACQUIRER_PUBLISHABLE_KEY=KEY)
    assert line.endswith("or a path like /acquirer, which a proxy serves at the shop's own address")


@pytest.mark.parametrize("key", ["x" * 15, "x" * 129, "with a space in it", "\N{HANGUL SYLLABLE GA}" * 16])
def test_keys_that_are_refused(key: str) -> None:
    line = refused(APP_ACQUIRER_URL="http://localhost:8090", APP_ACQUIRER_KEY=key)
    assert line == "APP_ACQUIRER_KEY must be 16 to 128 visible ASCII characters"


def test_the_key_is_not_shown() -> None:
    assert "hidden" not in repr(load(NEEDED | {"APP_ACQUIRER_URL": "http://localhost:8090", "APP_ACQUIRER_KEY": KEY}))
