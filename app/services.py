"""The objects that views use, created once by `app.factory`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import current_app
from flask_sqlalchemy import SQLAlchemy

from app.commit.batcher import Batcher
from app.commit.commit_queue import CommitQueue
from app.http.authentication import Guard
from app.http.key_uses import KeyUses
from app.http.key_watch import KeyWatch
from app.http.list_slots import ListSlots
from app.overview.sampler import Sampler
from payments.acquiring.gate import Gate
from payments.merchants.hashing import Peppers
from payments.merchants.shop_merchant import ShopMerchant
from payments.metrics import ApiMetrics
from payments.payment.admission import Admission, AdmissionResult, Attempt
from payments.platform.connectors import ConnectorName
from payments.platform.tracing.traces import Traces
from payments.platform.values.money import AmountsByCurrency
from payments.settlement.pain_001 import Account

EXTENSION: Final = "payops"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where browsers get an acquirer's tokens of cards, with a key that is no secret."""

    url: str
    publishable_key: str


@dataclass(frozen=True, slots=True)
class Services:
    """The objects that views use."""

    database: SQLAlchemy
    admission: Admission
    admission_batcher: Batcher[Attempt, AdmissionResult]
    queue: CommitQueue
    acquirers: Mapping[str, Gate]
    """By the names of their connectors; those that this installation knows no address of are not there."""
    tokens: Tokens | None
    metrics: ApiMetrics
    guard: Guard
    key_watch: KeyWatch
    key_uses: KeyUses
    shop: ShopMerchant
    peppers: Peppers | None
    lists: ListSlots
    overview: Sampler
    environment: str
    authorization_lifetime: timedelta
    second_operator_above: AmountsByCurrency
    """Above it, what one operator does to money takes a second one."""
    debtor: Account | None
    """The account that merchants are paid from. None: there are no files for banks."""
    traces: Traces

    @property
    def connectors(self) -> frozenset[str]:
        """The names of connectors that merchants can have here."""
        return frozenset({ConnectorName.NONE, *self.acquirers})


def services() -> Services:
    """The services of the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found
