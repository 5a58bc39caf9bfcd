"""/api-keys: keys of merchants and operators. A merchant's key with `keys:manage` manages that merchant's alone."""

from datetime import timedelta

from flask import Blueprint, Response, g
from sqlalchemy import Connection

from app import messages
from app.api import encoding, queries
from app.api.answers import ApiKeyPage
from app.api.parameters import KEY, KEY_ID, KEY_ID_PATTERN, KEY_KIND, LIMIT, MERCHANT, TEXT_CURSOR
from app.api.schemas import NewKeyBody, RevokeBody, RotateBody
from app.commit.money_request import read_body
from app.http.authentication import acting_merchant, acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read_list, write
from payments.merchants import service, view
from payments.merchants.hashing import Peppers
from payments.merchants.new_key import NewKey
from payments.merchants.rules import ApiKey, KeyKind, Scope, networks
from payments.merchants.verification import Caller
from payments.platform.errors import InsufficientScope, ServiceUnavailable

blueprint = Blueprint("api_keys", __name__, url_prefix="/api-keys")

_SCOPES = (Scope.ADMINISTER, Scope.KEYS_MANAGE)
_ONCE = "The key is in this answer only: nothing can show it again."


@blueprint.post("")
@describe(
    Description(
        "Make a key",
        "keys",
        answers={200: view.NewApiKey},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        body=NewKeyBody,
        scopes=_SCOPES,
        first_key=True,
        text=f"{_ONCE} Without merchantId: an operator's key. A merchant's key makes keys of its merchant, with no"
        " other scope, no other network and no later end than it has itself; what is left open is as its own. Where"
        " keys are required the admin token makes operators' keys alone.",
    )
)
def create() -> Response:
    """A new key with its text."""
    body, actor, peppers = read_body(NewKeyBody), acting_operator(), _peppers()
    granter, merchant_id = _granter(), _owner(body.merchant_id)
    if merchant_id is not None and g.caller is None and services().guard.required:
        raise InsufficientScope  # the admin token is for the first operator's key
    new = NewKey(merchant_id, body.name, body.scopes, networks(body.allowed_networks), body.lifetime)
    return encoding.answer(
        view.new_api_key(*write(lambda c: service.create_key(c, peppers, new, actor, granter=granter)))
    )


@blueprint.get("")
@describe(
    Description(
        "List keys by id, without their secrets",
        "keys",
        answers={200: ApiKeyPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT, KEY_KIND, KEY, LIMIT, TEXT_CURSOR),
        scopes=(*_SCOPES, Scope.READ),
    )
)
def index() -> Response:
    """A page of keys."""
    merchant_id, after, limit = _owner(queries.merchant()), queries.text_cursor(), queries.limit()
    kind, key_id = queries.choice("kind", KeyKind), queries.matching("keyId", KEY_ID_PATTERN)
    items, last = read_list(lambda c: view.api_keys(c, merchant_id, after, limit, kind=kind, key_id=key_id))
    return encoding.answer(ApiKeyPage(items=items, next_cursor=queries.cursor_after_text(last)))


@blueprint.get("/current")
@describe(
    Description(
        "Who is asking: the key of this request",
        "keys",
        answers={200: view.CurrentApiKey},
        problems=(401, 403, 429, 503),
        scopes=tuple(Scope),
    )
)
def current() -> Response:
    """The key that was sent, or the admin token."""
    return encoding.answer(view.current(g.caller))


@blueprint.post("/<key_id>/rotate")
@describe(
    Description(
        "Replace a key; the old one goes on for the overlap, and never longer than it would have",
        "keys",
        answers={200: view.NewApiKey},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(KEY_ID,),
        body=RotateBody,
        scopes=_SCOPES,
        text=_ONCE,
    )
)
def rotate(key_id: str) -> Response:
    """The successor with its text."""
    body, actor, peppers, granter = read_body(RotateBody), acting_operator(), _peppers(), _granter()
    overlap = timedelta(seconds=body.overlap_seconds)
    made = write(lambda c: service.rotate(c, peppers, key_id, overlap, actor, granter=granter))
    return encoding.answer(view.new_api_key(*made))


@blueprint.post("/<key_id>/revoke")
@describe(
    Description(
        "End a key at once",
        "keys",
        answers={200: view.ApiKey},
        problems=(400, 401, 403, 404, 413, 415, 429, 503),
        parameters=(KEY_ID,),
        body=RevokeBody,
        scopes=_SCOPES,
    )
)
def revoke(key_id: str) -> Response:
    """The key, now REVOKED."""
    body, actor, granter = read_body(RevokeBody), acting_operator(), _granter()

    def run(connection: Connection) -> view.ApiKey:
        key: ApiKey = service.revoke(connection, key_id, body.reason, actor, granter=granter)
        return view.api_key(connection, key)

    return encoding.answer(write(run))


def _granter() -> ApiKey | None:
    """The key that asks; None: by the admin token."""
    caller: Caller | None = g.caller
    return None if caller is None else caller.key


def _owner(named: str | None) -> str | None:
    """Whose keys are asked for: a merchant's key manages its merchant's alone. Raises MerchantMismatch."""
    caller: Caller | None = g.caller
    return named if caller is None or caller.merchant is None else acting_merchant(named)


def _peppers() -> Peppers:
    found = services().peppers
    if found is None:
        raise ServiceUnavailable(messages.NO_PEPPER)
    return found
