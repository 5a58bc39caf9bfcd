"""Who is asking, before any view: the scopes of the route (`app.http.describing`) against the request's key.

`required`: every route with scopes needs a key. `open`, for one machine alone: a merchant's name is enough, and the
admin token opens operators' routes. A key that is sent is checked in both.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app, g, request
from flask_limiter.util import get_remote_address

from app import messages
from app.http.describing import description_of
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

    def install(self, app: Flask) -> None:
        """Check each request to a route with scopes; `g.caller` is then its caller, or None without a key."""
        app.before_request(self._check)

    def is_operator(self) -> bool:
        """Whether the current request has the admin token or an operator's key. Never raises."""
        if self.holds_admin_token():
            return True
        sent = _credentials(_header())
        if sent is None or not sent.startswith(OPERATORS_KEY):
            return False
        try:
            return self._verified(sent).key.kind is KeyKind.OPERATOR
        except PaymentsError:
            return False

    def holds_admin_token(self) -> bool:
        """Whether the current request carries the admin token. Never raises."""
        return self._is_admins(_header())

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

    def admit(self, scopes: Sequence[Scope], *, first_key: bool = False) -> Caller | None:
        """The caller; None: by the admin token, or by a merchant's name. `first_key`: the admin token always works.

        Raises the errors of Verifier.verify, ApiKeyMissing, InsufficientScope, and Problem UNAUTHORIZED or
        RATE_LIMIT_EXCEEDED.
        """
        for_operators = not _OPERATORS.isdisjoint(scopes)
        if for_operators and (first_key or not self.required) and self.holds_admin_token():
            return None
        sent = _credentials(_header())
        if sent is None or not (sent.startswith(_KEY) or self.required):
            self._without_key(for_operators)
            return None
        return self._with_key(sent, scopes)

    def _is_admins(self, header: str) -> bool:
        sent = _bearer(header)
        if self._admin_token is None or sent is None:
            return False
        # bytes, because compare_digest refuses non-ASCII text; WSGI decodes them as latin-1
        return hmac.compare_digest(sent.encode("latin-1", "replace"), self._admin_token)

    def _check(self) -> None:
        g.caller = None
        view = current_app.view_functions.get(request.endpoint or "")
        description = None if view is None else description_of(view)
        if description is not None and description.scopes:
            g.caller = self.admit(description.scopes, first_key=description.first_key)

    def _without_key(self, for_operators: bool) -> None:
        if self.required:
            raise ApiKeyMissing
        if for_operators:
            self._wrong.count(get_remote_address())
            raise Problem("UNAUTHORIZED", messages.NO_TOKEN, {"WWW-Authenticate": CHALLENGE})

    def _with_key(self, text: str, scopes: Sequence[Scope]) -> Caller:
        try:
            caller = self._verified(text)
        except (ApiKeyInvalid, TooManyWrongKeys):
            self._wrong.count(get_remote_address())
            raise
        if caller.key.scopes.isdisjoint(scopes):
            raise InsufficientScope
        self._uses.count(caller.key.key_id, caller.at)
        return caller

    def _verified(self, text: str) -> Caller:
        """The key's caller, verified once for a request, also when it is refused. Raises as Verifier.verify."""
        if "verified" not in g:
            try:
                g.verified = self._verifier.verify(text, get_remote_address())
            except PaymentsError as error:
                g.verified = error
        found: Caller | PaymentsError = g.verified
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


def _header() -> str:
    return request.headers.get("Authorization", "")


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
