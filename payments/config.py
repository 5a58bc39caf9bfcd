"""Settings, read once from the environment and frozen. Only composition roots import this module.

Each setting is a field with its unit; nothing secret has a default. All bad keys are named in one error at start.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from payments import crash_points
from payments.platform.database import with_ca
from payments.platform.values.money import AmountsByCurrency, amounts_by_currency
from payments.setting_types import (
    Reader,
    account_number,
    acquirer_address,
    amounts,
    ca_file,
    database_url,
    http_address,
    one_of,
    peppers,
    percent,
    public_acquirer_address,
    seconds,
    text,
    text_up_to,
    token,
    visible_key,
    whole,
)


class BadSettings(Exception):
    """One or more environment variables are missing or wrong; the text names each of them."""


def _setting(name: str, read: Reader[Any], default: Any = MISSING, *, secret: bool = False, alias: str = "") -> Any:
    """`alias`: the setting's former name, read when the present one is not set."""
    return field(default=default, repr=not secret, metadata={"name": name, "read": read, "alias": alias})


PROFILES: Final = {
    "dev": {"authorize": 1000, "capture": 1000, "refund": 500, "address": 120000},
    "load": {"authorize": 15000, "capture": 15000, "refund": 15000, "address": 120000},
    "prod": {"authorize": 70000, "capture": 70000, "refund": 35000, "address": 350000},
}
"""Requests a minute per merchant and operation (void counts as capture), and per client address over all operations.
The limit of an address is twice that of a merchant, because several merchants may share one address."""

_ANY = whole(-(2**31), 2**31)
_CB = "APP_CB_KAFKA_"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of all processes. Durations in seconds."""

    database_url: str = _setting("DATABASE_URL", database_url, secret=True)
    redis_url: str = _setting("REDIS_URL", text, "redis://127.0.0.1:6379/0", secret=True)
    kafka_bootstrap_servers: str = _setting("KAFKA_BOOTSTRAP_SERVERS", text, "127.0.0.1:9092")
    database_ca: str | None = _setting("APP_DATABASE_CA", ca_file, None)
    redis_ca: str | None = _setting("APP_REDIS_CA", ca_file, None)
    kafka_ca: str | None = _setting("KAFKA_CA", ca_file, None)
    acquirer_ca: str | None = _setting("APP_ACQUIRER_CA", ca_file, None)
    admin_token: str | None = _setting("ADMIN_TOKEN", token, None, secret=True)
    environment: str = _setting("APP_ENVIRONMENT", text_up_to(32), "local")
    auth: str = _setting("APP_AUTH", one_of("required", "open"), "open")
    key_peppers: tuple[tuple[int, bytes], ...] | None = _setting("APP_KEY_PEPPER", peppers, None, secret=True)
    log_level: str = _setting("LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
    otlp_endpoint: str | None = _setting("APP_OTLP_ENDPOINT", http_address, None)
    worker_metrics_host: str = _setting("WORKER_METRICS_HOST", text, "127.0.0.1")
    worker_metrics_port: int | None = _setting("WORKER_METRICS_PORT", whole(0, 65535), None)

    authorization_lifetime: float = _setting("APP_AUTHORIZATION_LIFETIME_SECONDS", seconds(1, 31536000), 7 * 86400.0)
    idempotency_cache_ttl: int = _setting("APP_IDEMPOTENCY_CACHE_TTL_SECONDS", whole(1, 86400), 600)
    commit_writers: int = _setting("APP_COMMIT_WRITERS", whole(1, 16), 2)
    commit_queue_size: int = _setting("APP_COMMIT_QUEUE_SIZE", whole(1, 100000), 2000)

    rate_limit_profile: str = _setting("APP_RATE_LIMIT_PROFILE", one_of(*PROFILES), "dev")
    authorize_capacity: int | None = _setting("APP_RATE_LIMIT_AUTHORIZE_CAPACITY", _ANY, None)
    authorize_window: int = _setting("APP_RATE_LIMIT_AUTHORIZE_WINDOW_SECONDS", whole(1, 86400), 60)
    capture_capacity: int | None = _setting("APP_RATE_LIMIT_CAPTURE_CAPACITY", _ANY, None)
    capture_window: int = _setting("APP_RATE_LIMIT_CAPTURE_WINDOW_SECONDS", whole(1, 86400), 60)
    refund_capacity: int | None = _setting("APP_RATE_LIMIT_REFUND_CAPACITY", _ANY, None)
    refund_window: int = _setting("APP_RATE_LIMIT_REFUND_WINDOW_SECONDS", whole(1, 86400), 60)
    address_capacity: int | None = _setting("APP_RATE_LIMIT_ADDRESS_CAPACITY", _ANY, None)
    address_window: int = _setting("APP_RATE_LIMIT_ADDRESS_WINDOW_SECONDS", whole(1, 86400), 60)
    read_capacity: int = _setting("APP_RATE_LIMIT_READ_CAPACITY", _ANY, 6000)
    shop_folder: str | None = _setting("APP_SHOP_FOLDER", text, None, alias="APP_STORE_FOLDER")
    shop_merchant: str | None = _setting("APP_SHOP_MERCHANT", text_up_to(32), None)
    trusted_proxies: int = _setting("APP_TRUSTED_PROXIES", whole(0, 8), 0)

    acquirer_url: str | None = _setting("APP_ACQUIRER_URL", acquirer_address, None)
    acquirer_key: str | None = _setting("APP_ACQUIRER_KEY", visible_key, None, secret=True)
    acquirer_public_url: str | None = _setting("APP_ACQUIRER_PUBLIC_URL", public_acquirer_address, None)
    acquirer_publishable_key: str | None = _setting("APP_ACQUIRER_PUBLISHABLE_KEY", visible_key, None)

    second_operator_above: AmountsByCurrency = _setting(  # noqa: RUF009  (a field, as the others)
        "APP_SECOND_OPERATOR_ABOVE", amounts, amounts_by_currency("*=1000000")
    )
    minimum_payout: AmountsByCurrency = _setting(  # noqa: RUF009
        "APP_MINIMUM_PAYOUT", amounts, amounts_by_currency("*=100")
    )
    payout_name: str | None = _setting("APP_PAYOUT_NAME", text_up_to(70), None)
    payout_iban: str | None = _setting("APP_PAYOUT_IBAN", account_number, None)
    settlement_delay: float = _setting("APP_SETTLEMENT_DELAY_SECONDS", seconds(0, 86400), 900.0)

    cb_sliding_window_size: int = _setting(_CB + "SLIDING_WINDOW_SIZE", whole(1, 100000), 20)
    cb_minimum_number_of_calls: int = _setting(_CB + "MINIMUM_NUMBER_OF_CALLS", whole(1, 100000), 5)
    cb_failure_rate_threshold: float = _setting(_CB + "FAILURE_RATE_THRESHOLD", percent(0.001, 100), 50.0)
    cb_slow_call_rate_threshold: float = _setting(_CB + "SLOW_CALL_RATE_THRESHOLD", percent(0.001, 100), 50.0)
    cb_slow_call_duration: float = _setting(_CB + "SLOW_CALL_DURATION_SECONDS", seconds(0.001, 3600), 5.0)
    cb_wait_duration: float = _setting(_CB + "WAIT_DURATION_SECONDS", seconds(0.001, 86400), 30.0)
    cb_permitted_calls_in_half_open: int = _setting(_CB + "PERMITTED_CALLS_IN_HALF_OPEN", whole(1, 1000), 3)
    cb_call_timeout: float = _setting(_CB + "CALL_TIMEOUT_SECONDS", seconds(0.1, 300), 8.0)
    cb_probe_timeout: float = _setting(_CB + "PROBE_TIMEOUT_SECONDS", seconds(0.05, 30), 0.5)
    park_after_attempts: int = _setting("APP_OUTBOX_PARK_AFTER_ATTEMPTS", whole(1, 1000), 5)
    lease_seconds: float = _setting("APP_LEASE_SECONDS", seconds(1, 3600), 10.0)

    kafka_max_poll_interval: float = _setting("APP_KAFKA_MAX_POLL_INTERVAL_SECONDS", seconds(7, 86400), 300.0)
    kafka_security_protocol: str = _setting(
        "KAFKA_SECURITY_PROTOCOL", one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"), "PLAINTEXT"
    )
    kafka_sasl_username: str | None = _setting("KAFKA_SASL_USERNAME", text, None)
    kafka_sasl_password: str | None = _setting("KAFKA_SASL_PASSWORD", text, None, secret=True)

    audit_interval: float = _setting("APP_AUDIT_INTERVAL_SECONDS", seconds(1, 86400), 60.0)
    expire_interval: float = _setting("APP_EXPIRE_INTERVAL_SECONDS", seconds(0.1, 86400), 5.0)
    replay_timeout: float = _setting("APP_REPLAY_TIMEOUT_SECONDS", seconds(1, 86400), 600.0)
    prune_interval: float = _setting("APP_PRUNE_INTERVAL_SECONDS", seconds(1, 86400), 60.0)
    expire_per_round: int = _setting("APP_EXPIRE_PER_ROUND", whole(1, 10000000), 20000)
    repair_after: float = _setting("APP_REPAIR_AFTER_SECONDS", seconds(1, 31536000), 600.0)
    clock_jump: float = _setting("APP_CLOCK_JUMP_SECONDS", seconds(1, 31536000), 300.0)
    outbox_retention: float = _setting("APP_OUTBOX_RETENTION_SECONDS", seconds(0, 315360000), 9 * 86400.0)
    inbox_retention: float = _setting("APP_INBOX_RETENTION_SECONDS", seconds(0, 315360000), 30 * 86400.0)
    answer_retention: float = _setting("APP_ANSWER_RETENTION_SECONDS", seconds(0, 315360000), 30 * 86400.0)
    record_retention: float = _setting("APP_RECORD_RETENTION_SECONDS", seconds(0, 315360000), 90 * 86400.0)

    crash_point: str | None = _setting("APP_CRASH_POINT", one_of(*crash_points.NAMES), None)

    def rate_limit(self, operation: str) -> tuple[int, int]:
        """(capacity, window in seconds) of authorize, capture, refund or address; a capacity ≤ 0 switches it off."""
        own: int | None = getattr(self, f"{operation}_capacity")
        window: int = getattr(self, f"{operation}_window")
        return (PROFILES[self.rate_limit_profile][operation] if own is None else own), window

    @property
    def payout_account(self) -> tuple[str, str] | None:
        """Name and IBAN of the account that merchants are paid from."""
        return (self.payout_name, self.payout_iban) if self.payout_name and self.payout_iban else None

    @property
    def acquirer(self) -> tuple[str, str, str | None] | None:
        """Address of the acquirer, our secret key there, and the CA file for it (None: the system's)."""
        if self.acquirer_url is None or self.acquirer_key is None:
            return None
        return self.acquirer_url, self.acquirer_key, self.acquirer_ca


def load(environment: Mapping[str, str]) -> Settings:
    """Read and check every setting. Raises BadSettings naming each bad key and what it must be."""
    values: dict[str, Any] = {}
    bad: list[str] = []
    for item in fields(Settings):
        name, alias, read = item.metadata["name"], item.metadata["alias"], item.metadata["read"]
        if environment.get(name, "") == "" and environment.get(alias, "") != "":
            name = alias
        text = environment.get(name, "")
        if text == "":
            if item.default is MISSING:
                bad.append(f"{name} is not set: it must be {read.accepts}")
            continue
        try:
            values[item.name] = read(text)
        except ValueError:
            bad.append(f"{name} must be {read.accepts}")
    if not bad:
        settings = Settings(**values)
        bad = _contradictions(settings) + _wrong_links(settings)
        if not bad:
            return _verified(settings)
    raise BadSettings("Cannot start; fix these settings:\n" + "\n".join(f"  {line}" for line in bad))


def _contradictions(settings: Settings) -> list[str]:
    bad = []
    if settings.cb_call_timeout <= settings.cb_slow_call_duration:
        bad.append(
            "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS must be longer than APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS,"
            " or no slow call could ever succeed"
        )
    if settings.lease_seconds < settings.cb_call_timeout + settings.cb_probe_timeout + 1:
        bad.append(
            "APP_LEASE_SECONDS must be at least APP_CB_KAFKA_CALL_TIMEOUT_SECONDS +"
            " APP_CB_KAFKA_PROBE_TIMEOUT_SECONDS + 1, or a call could outlive its lease"
        )
    if settings.outbox_retention <= settings.authorization_lifetime:
        bad.append(
            "APP_OUTBOX_RETENTION_SECONDS must be longer than APP_AUTHORIZATION_LIFETIME_SECONDS,"
            " or a payment's events could be pruned while it expires"
        )
    if settings.auth == "required" and settings.key_peppers is None:
        bad.append("APP_KEY_PEPPER must be set where APP_AUTH is required, or no key could be checked")
    if (settings.acquirer_url is None) != (settings.acquirer_key is None):
        bad.append("APP_ACQUIRER_URL and APP_ACQUIRER_KEY must be set together, or no call could be made")
    if (settings.acquirer_public_url is None) != (settings.acquirer_publishable_key is None):
        bad.append(
            "APP_ACQUIRER_PUBLIC_URL and APP_ACQUIRER_PUBLISHABLE_KEY must be set together, or no browser could get"
            " a token"
        )
    if (settings.payout_name is None) != (settings.payout_iban is None):
        bad.append("APP_PAYOUT_NAME and APP_PAYOUT_IBAN must be set together, or no bank would take a payout file")
    return bad


def _wrong_links(settings: Settings) -> list[str]:
    """Links that would not be what APP_DATABASE_CA, APP_REDIS_CA, KAFKA_CA and APP_ACQUIRER_CA say."""
    bad = []
    database, redis = urlsplit(settings.database_url), urlsplit(settings.redis_url)
    for name, url, ca in (("DATABASE_URL", database, "APP_DATABASE_CA"), ("REDIS_URL", redis, "APP_REDIS_CA")):
        if any(parameter.startswith("ssl") for parameter, _ in parse_qsl(url.query, keep_blank_values=True)):
            bad.append(f"{name} must have no parameter about TLS; set {ca}, and every connection is verified")
    if settings.database_ca is not None and (database.scheme != "mysql+pymysql" or not database.hostname):
        bad.append("APP_DATABASE_CA is for a MariaDB: DATABASE_URL must be mysql+pymysql:// with a host")
    if (settings.redis_ca is None) != (redis.scheme != "rediss"):
        bad.append("REDIS_URL must begin with rediss:// where APP_REDIS_CA is set, and only there")
    if settings.kafka_ca is not None and settings.kafka_security_protocol not in ("SSL", "SASL_SSL"):
        bad.append("KAFKA_SECURITY_PROTOCOL must be SSL or SASL_SSL where KAFKA_CA is set, or nothing is verified")
    if settings.acquirer_ca is not None and not (settings.acquirer_url or "").startswith("https://"):
        bad.append("APP_ACQUIRER_URL must begin with https:// where APP_ACQUIRER_CA is set")
    return bad


def _verified(settings: Settings) -> Settings:
    """With the database's CA in its URL: whoever connects by the URL cannot forget it."""
    if settings.database_ca is None:
        return settings
    return replace(settings, database_url=with_ca(settings.database_url, settings.database_ca))
