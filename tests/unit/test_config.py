"""Settings: every bad key is named at once, nothing secret has a default, contradictions are refused."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from payments.config import PROFILES, BadSettings, Settings, load

NEEDED = {"DATABASE_URL": "sqlite:///payops.db"}


def refused(**environment: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load(NEEDED | environment)
    headline, *lines = str(caught.value).splitlines()
    assert headline == "Cannot start; fix these settings:"
    return [line.strip() for line in lines]


def test_an_empty_environment_names_what_is_needed_and_nothing_else() -> None:
    with pytest.raises(BadSettings) as caught:
        load({})
    assert "DATABASE_URL is not set: it must be a SQLAlchemy URL" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_every_bad_key_is_named_at_once() -> None:
    wrong = {item.metadata["name"]: "\t" for item in fields(Settings)}
    with pytest.raises(BadSettings) as caught:
        load(wrong)
    named = [line.split()[0] for line in str(caught.value).splitlines()[1:]]
    assert named == list(wrong)


def test_a_former_name_is_read_while_the_present_one_is_not_set() -> None:
    assert load(NEEDED | {"APP_STORE_FOLDER": "/old"}).shop_folder == "/old"
    assert load(NEEDED | {"APP_STORE_FOLDER": "/old", "APP_SHOP_FOLDER": "/new"}).shop_folder == "/new"
    assert [line.split()[0] for line in refused(APP_STORE_FOLDER="\t")] == ["APP_STORE_FOLDER"]


def test_an_empty_text_means_unset() -> None:
    assert load(
        NEEDED | {item.metadata["name"]: "" for item in fields(Settings) if item.name != "database_url"}
    ) == load(NEEDED)


def test_defaults_are_those_of_the_contract() -> None:
    settings = load(NEEDED)
    assert (settings.cb_sliding_window_size, settings.cb_minimum_number_of_calls) == (20, 5)
    assert (settings.cb_failure_rate_threshold, settings.cb_slow_call_rate_threshold) == (50, 50)
    assert (settings.cb_slow_call_duration, settings.cb_wait_duration) == (5, 30)
    assert (settings.cb_permitted_calls_in_half_open, settings.cb_call_timeout, settings.cb_probe_timeout) == (
        3,
        8,
        0.5,
    )
    assert (settings.idempotency_cache_ttl, settings.read_capacity, settings.lease_seconds) == (600, 6000, 10)
    assert settings.authorization_lifetime == 7 * 86400
    days = [settings.outbox_retention, settings.inbox_retention, settings.answer_retention, settings.record_retention]
    assert [seconds / 86400 for seconds in days] == [9, 30, 30, 90]


def test_secrets_have_no_default_and_are_not_shown() -> None:
    settings = load(NEEDED)
    assert (settings.admin_token, settings.kafka_sasl_password) == (None, None)
    settings = load({
        "DATABASE_URL": "mysql+pymysql://payops:hidden-1@db/paydb",
        "REDIS_URL": "redis://:hidden-2@cache:6379/0",
        "ADMIN_TOKEN": "hidden-3-hidden-3",
        "KAFKA_SASL_PASSWORD": "hidden-4",
    })  # fmt: skip
    assert "hidden" not in repr(settings)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load(NEEDED).log_level = "DEBUG"  # type: ignore[misc]  # it is frozen


def test_every_setting_has_a_name_of_its_own() -> None:
    names = [item.metadata["name"] for item in fields(Settings)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("DATABASE_URL", "postgresql://db/paydb", "mysql+pymysql://"),
        ("ADMIN_TOKEN", "x" * 15, "at least 16 characters"),
        ("LOG_LEVEL", "verbose", "one of DEBUG, INFO, WARNING, ERROR"),
        ("WORKER_METRICS_PORT", "65536", "from 0 to 65535"),
        ("APP_RATE_LIMIT_PROFILE", "fast", "one of dev, load, prod"),
        ("APP_RATE_LIMIT_REFUND_WINDOW_SECONDS", "0", "from 1 to 86400"),
        ("APP_CB_KAFKA_PROBE_TIMEOUT_SECONDS", "nan", "seconds from 0.05 to 30"),
        ("APP_CB_KAFKA_WAIT_DURATION_SECONDS", "inf", "seconds from 0.001"),
        ("APP_IDEMPOTENCY_CACHE_TTL_SECONDS", "1.5", "a whole number"),
        ("APP_CB_KAFKA_FAILURE_RATE_THRESHOLD", "101", "a percentage from 0.001 to 100"),
        ("APP_CB_KAFKA_SLOW_CALL_RATE_THRESHOLD", "0", "a percentage from 0.001 to 100"),
        ("APP_OUTBOX_PARK_AFTER_ATTEMPTS", "0", "a whole number from 1 to 1000"),
    ],
)
def test_what_a_value_must_be_is_told(name: str, text: str, message: str) -> None:
    (line,) = refused(**{name: text})
    assert line.startswith(f"{name} must be ")
    assert message in line


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "1_0", " 10", "10 ", "10\n", "٣", "1e1", "0x10", ".5", "10.", "10,5", "9" * 400, "-"]
)
@pytest.mark.parametrize("name", ["APP_CB_KAFKA_WAIT_DURATION_SECONDS", "APP_CB_KAFKA_SLIDING_WINDOW_SIZE",
                                  "APP_CB_KAFKA_FAILURE_RATE_THRESHOLD"])  # fmt: skip
def test_a_number_is_written_in_plain_digits(name: str, text: str) -> None:
    """Texts that Python accepts as numbers, but an operator did not mean."""
    (line,) = refused(**{name: text})
    assert line.startswith(f"{name} must be ")


@pytest.mark.parametrize(("text", "value"), [("10", 10), ("+10", 10), ("010", 10), ("-0", 0)])
def test_signs_and_zeros_in_front_are_accepted(text: str, value: int) -> None:
    assert load(NEEDED | {"APP_RATE_LIMIT_READ_CAPACITY": text}).read_capacity == value


@pytest.mark.parametrize(
    ("command", "environment", "message"),
    [
        (["worker", "relay"], {**NEEDED, "WORKER_METRICS_PORT": "x"}, "WORKER_METRICS_PORT must be a whole number"),
        (["worker", "audit"], {**NEEDED, "LOG_LEVEL": "x"}, "LOG_LEVEL must be one of DEBUG"),
        (["payments", "migrate"], {}, "DATABASE_URL is not set: it must be a SQLAlchemy URL"),
        (["payments", "migrate"], {"DATABASE_URL": "x"}, "DATABASE_URL must be a SQLAlchemy URL"),
    ],
)
def test_the_reasons_are_told_without_docstrings_too(
    command: list[str], environment: dict[str, str], message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", *command], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_database_is_migrated_without_docstrings_too(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'payops.db'}"}
    command = [sys.executable, "-OO", "-m", "payments", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_call_must_outlast_a_slow_call() -> None:
    (line,) = refused(APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS="8")
    assert "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS" in line
    assert load(NEEDED | {"APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "7.9"}).cb_slow_call_duration == 7.9


def test_a_lease_must_outlast_a_call() -> None:
    (line,) = refused(APP_LEASE_SECONDS="9.4")
    assert "APP_LEASE_SECONDS" in line
    assert load(NEEDED | {"APP_LEASE_SECONDS": "9.5"}).lease_seconds == 9.5


@pytest.mark.parametrize(
    "environment",
    [
        {"APP_OUTBOX_RETENTION_SECONDS": "604800"},
        {"APP_OUTBOX_RETENTION_SECONDS": "0"},
        {"APP_AUTHORIZATION_LIFETIME_SECONDS": "777600"},
        {"APP_AUTHORIZATION_LIFETIME_SECONDS": "31536000", "APP_OUTBOX_RETENTION_SECONDS": "31536000"},
    ],
)
def test_events_are_kept_for_longer_than_an_authorization_lasts(environment: dict[str, str]) -> None:
    (line,) = refused(**environment)
    assert line.startswith("APP_OUTBOX_RETENTION_SECONDS must be longer than APP_AUTHORIZATION_LIFETIME_SECONDS")
    settings = load(NEEDED | {"APP_AUTHORIZATION_LIFETIME_SECONDS": "1", "APP_OUTBOX_RETENTION_SECONDS": "1.1"})
    assert (settings.authorization_lifetime, settings.outbox_retention) == (1, 1.1)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(None, (1000, 1000, 500)), ("load", (15000, 15000, 15000)), ("prod", (70000, 70000, 35000))],
)
def test_profiles(profile: str | None, expected: tuple[int, int, int]) -> None:
    settings = load(NEEDED | ({"APP_RATE_LIMIT_PROFILE": profile} if profile else {}))
    limits = [settings.rate_limit(operation) for operation in ("authorize", "capture", "refund")]
    assert limits == [(capacity, 60) for capacity in expected]
    assert set(PROFILES) == {"dev", "load", "prod"}


def test_single_variables_win_over_the_profile() -> None:
    chosen = {"APP_RATE_LIMIT_PROFILE": "prod", "APP_RATE_LIMIT_CAPTURE_CAPACITY": "-1"}
    settings = load(NEEDED | chosen | {"APP_RATE_LIMIT_CAPTURE_WINDOW_SECONDS": "10"})
    assert settings.rate_limit("capture") == (-1, 10)
    assert settings.rate_limit("authorize") == (70000, 60)
