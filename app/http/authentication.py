"""Who is asking, before any view: the scopes of the route (`app.http.describing`) against the request's key.

`required`: every route with scopes needs a key. `open`, for one machine alone: a merchant's name is enough, and the
admin token opens operators' routes. A key that is sent is checked in both.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Request, g, request

from app import messages
from app.http.describing import Description
from app.http.errors import CHALLENGE, Problem
from app.http.limits import WrongTokens
from payments.merchants.key_form import Prefix
from payments.merchants.rules import SCOPES_OF, KeyKind, Scope
from payments.merchants.store import Merchant
from payments.merchants.use import Uses
from payments.merchants.verification import Caller, Verifier
from payments.platform.connectors import ConnectorName
from payments.platform.errors import (
    ApiKeyInvalid,
    ApiKeyMissing,
    InsufficientScope,
    MerchantMismatch,
    PaymentsError,
    TooManyWrongKeys,
    ValidationFailed,
)

_OPERATORS: Final = frozenset(SCOPES_OF[KeyKind.OPERATOR])
_KEY: Final = "po_"
OPERATORS_KEY: Final = f"{_KEY}{Prefix.OPERATOR}_"


@dataclass(frozen=True, slots=True)
class OfShop:
    """`g.caller` of a request of the shop's pages: it acts for the shop's merchant, and has no key and no scopes."""

    merchant: Merchant


class Guard:
    """Admits requests by their keys, and counts those that it admits."""

    def __init__(
        self, verifier: Verifier, uses: Uses, admin_token: str | None, wrong: WrongTokens, *, required: bool
    ) -> None:
        self._verifier = verifier
        self._uses = uses
        self._admin_token = None if admin_token is None else admin_token.encode()
        self._wrong = wrong
        self.required = required

    def check(self, current: Request, context: Any, description: Description | None) -> None:
        """Check a request to a described view; `caller` of `context`, Flask's `g`, is then its caller.

        It is None without a key. Raises as `admit`.
        """
        context.caller = None
        if description is not None and description.scopes:
            context.caller = self._admit(current, context, description.scopes, first_key=description.first_key)

    def is_operator(self, current: Request) -> bool:
        """Whether the current request has the admin token or an operator's key. Never raises."""
        header = _header(current)
        if self._is_admins(header):
            return True
        sent = _credentials(header)
        if sent is None or not sent.startswith(OPERATORS_KEY):
            return False
        try:
            return self._verified(sent, current, g).key.kind is KeyKind.OPERATOR
        except PaymentsError:
            return False

    def refuse_early(self, header: str, address: str) -> None:
        """Refuse a key that `admit` is sure to refuse as one too many; `header`: the request's Authorization.

        Raises Problem RATE_LIMIT_EXCEEDED. Reads nothing, and passes every key that may be good.
        """
        if not self._wrong.are_used_up(address) or self._is_admins(header):
            return
        sent = _credentials(header)
        if sent is None or not (sent.startswith(_KEY) or self.required):
            return
        if self._verifier.is_wrong(sent, address):
            self._wrong.count(address)

    def admit(self, scopes: Sequence[Scope]) -> Caller | None:
        """The current request's caller; None: by the admin token, or by a merchant's name.

        Raises the errors of Verifier.verify, ApiKeyMissing, InsufficientScope, and Problem UNAUTHORIZED or
        RATE_LIMIT_EXCEEDED.
        """
        return self._admit(request, g, scopes, first_key=False)

    def _admit(self, current: Request, context: Any, scopes: Sequence[Scope], *, first_key: bool) -> Caller | None:
        """As `admit`; `first_key`: the admin token always works."""
        header = _header(current)
        for_operators = not _OPERATORS.isdisjoint(scopes)
        if for_operators and (first_key or not self.required) and self._is_admins(header):
            return None
        sent = _credentials(header)
        if sent is None or not (sent.startswith(_KEY) or self.required):
            self._without_key(for_operators)
            return None
        return self._with_key(sent, current, context, scopes)

    def _is_admins(self, header: str) -> bool:
        sent = _bearer(header)
        if self._admin_token is None or sent is None:
            return False
        # bytes, because compare_digest refuses non-ASCII text; WSGI decodes them as latin-1
        return hmac.compare_digest(sent.encode("latin-1", "replace"), self._admin_token)

    def _without_key(self, for_operators: bool) -> None:
        if self.required:
            raise ApiKeyMissing
        if for_operators:
            self._wrong.count(_address(request))
            raise Problem("UNAUTHORIZED", messages.NO_TOKEN, {"WWW-Authenticate": CHALLENGE})

    def _with_key(self, text: str, current: Request, context: Any, scopes: Sequence[Scope]) -> Caller:
        try:
            caller = self._verified(text, current, context)
        except (ApiKeyInvalid, TooManyWrongKeys):
            self._wrong.count(_address(current))
            raise
        if caller.key.scopes.isdisjoint(scopes):
            raise InsufficientScope
        self._uses.count(caller.key.key_id, caller.at)
        return caller

    def _verified(self, text: str, current: Request, context: Any) -> Caller:
        """The key's caller, verified once for a request, also when it is refused. Raises as Verifier.verify."""
        found: Caller | PaymentsError | None = context.get("verified")
        if found is None:
            try:
                found = self._verifier.verify(text, _address(current))
            except PaymentsError as error:
                found = error
            context.verified = found
        if isinstance(found, PaymentsError):
            raise found
        return found


def acting_merchant(given: str | None) -> str:
    """The merchant that the request acts for: its key's or the shop's, else the named one. Raises MerchantMismatch."""
    caller: Caller | OfShop | None = g.caller
    if caller is None or caller.merchant is None:
        if given is None:
            raise ValidationFailed(f"merchantId {messages.MISSING}.", (("merchantId", messages.MISSING),))
        return given
    if given is not None and given != caller.merchant.merchant_id:
        raise MerchantMismatch
    return caller.merchant.merchant_id


def acting_connector() -> str:
    """The connector of the merchant that the request acts for; a merchant that is only named pays at none."""
    caller: Caller | OfShop | None = g.caller
    return ConnectorName.NONE if caller is None or caller.merchant is None else caller.merchant.connector


def acting_operator() -> str:
    """Who asked, for `operator_action`: `key:<name>`, or `api:<address>` by the admin token."""
    caller: Caller | None = g.caller
    return f"api:{request.remote_addr}" if caller is None else f"key:{caller.key.name}"


def _header(current: Request) -> str:
    header: str = current.environ.get("HTTP_AUTHORIZATION", "")
    return header


def _address(current: Request) -> str:
    return current.remote_addr or "127.0.0.1"


def _bearer(header: str) -> str | None:
    scheme, _, sent = header.partition(" ")
    # strips only spaces and tabs: other white space of latin-1 may be a byte of a UTF-8 token
    return sent.strip(" \t") if scheme.lower() == "bearer" else None


def _credentials(header: str) -> str | None:
    """The key in a header, as bearer token or as user of Basic (RFC 7617); None: it has none."""
    if (sent := _bearer(header)) is not None:
        return sent
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(" \t"), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
