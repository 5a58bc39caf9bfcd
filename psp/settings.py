"""The simulator's settings, read once from the environment and frozen. Nothing secret has a default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

SHORTEST_SECRET: Final = 16
_SECRET: Final = re.compile(rf"[!-+\--~]{{{SHORTEST_SECRET},128}}")
"""Visible ASCII without a comma, which separates keys."""
NAMES: Final = (
    *("PSP_KEYS", "PSP_CONTROL_TOKEN", "PSP_DATABASE", "PSP_HOST", "PSP_PORT"),
    *("PSP_PUBLISHABLE_KEY", "PSP_SHOP_ORIGINS", "PSP_CALLBACK_URL", "PSP_CALLBACK_SECRET"),
)


class BadSettings(Exception):
    """Settings are missing or wrong; the text is one sentence that names each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `callback_url` and `callback_secret` are both given or both None."""

    keys: tuple[str, ...] = field(repr=False)
    control_token: str = field(repr=False)
    database: Path
    host: str = "127.0.0.1"
    port: int = 8090
    publishable_key: str | None = None
    shop_origins: frozenset[str] = frozenset()
    callback_url: str | None = None
    callback_secret: str | None = field(default=None, repr=False)


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings; a name that is set to nothing is not set. Raises BadSettings."""
    given = {name: environment[name] for name in NAMES if environment.get(name)}
    bad = [*_missing(given), *_malformed(given)]
    if bad:
        raise BadSettings("; ".join(bad))
    keys = tuple(given["PSP_KEYS"].split(","))
    return Settings(
        keys=keys,
        control_token=given["PSP_CONTROL_TOKEN"],
        database=Path(given["PSP_DATABASE"]),
        host=given.get("PSP_HOST", "127.0.0.1"),
        port=int(given.get("PSP_PORT", "8090")),
        publishable_key=given.get("PSP_PUBLISHABLE_KEY"),
        shop_origins=frozenset(filter(None, given.get("PSP_SHOP_ORIGINS", "").split(","))),
        callback_url=given.get("PSP_CALLBACK_URL"),
        callback_secret=given.get("PSP_CALLBACK_SECRET"),
    )


def _missing(given: Mapping[str, str]) -> list[str]:
    missing = [name for name in ("PSP_KEYS", "PSP_CONTROL_TOKEN", "PSP_DATABASE") if name not in given]
    callback = [name for name in ("PSP_CALLBACK_URL", "PSP_CALLBACK_SECRET") if name not in given]
    return [f"{name} is not set" for name in (*missing, *(callback if len(callback) == 1 else ()))]


def _malformed(given: Mapping[str, str]) -> list[str]:
    bad = _bad_secrets(given)
    port = given.get("PSP_PORT", "8090")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        bad.append("PSP_PORT must be a whole number from 1 to 65535")
    if not _is_http(given.get("PSP_CALLBACK_URL", "http://x/")):
        bad.append("PSP_CALLBACK_URL must be an http or https address")
    if not all(_is_origin(origin) for origin in given.get("PSP_SHOP_ORIGINS", "").split(",") if origin):
        bad.append("PSP_SHOP_ORIGINS must be origins (scheme://host:port) separated by commas")
    return bad


def _bad_secrets(given: Mapping[str, str]) -> list[str]:
    single = ("PSP_CONTROL_TOKEN", "PSP_PUBLISHABLE_KEY")
    secrets = {name: [given[name]] for name in single if name in given}
    if "PSP_KEYS" in given:
        secrets["PSP_KEYS"] = given["PSP_KEYS"].split(",")
    bad = [
        f"{name} must have {SHORTEST_SECRET} to 128 visible ASCII characters without commas (for each key)"
        for name, values in secrets.items()
        if not all(_SECRET.fullmatch(value) for value in values)
    ]
    if len(given.get("PSP_CALLBACK_SECRET", "x" * SHORTEST_SECRET)) < SHORTEST_SECRET:
        bad.append(f"PSP_CALLBACK_SECRET must have at least {SHORTEST_SECRET} characters")
    every = [value for values in secrets.values() for value in values]
    if len(set(every)) < len(every):
        bad.append("PSP_KEYS, PSP_PUBLISHABLE_KEY and PSP_CONTROL_TOKEN must differ from one another")
    return bad


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    return _is_http(text) and text == "{0.scheme}://{0.netloc}".format(urlsplit(text))
