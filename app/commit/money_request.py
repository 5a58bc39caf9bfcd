"""Handles a money request: reads and checks its body, asks Redis, has its command committed.

The order is part of the contract: size, media type, JSON, model; then Redis (stored answer, limits); then the queue.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import orjson
from flask import Response, g, request
from flask_limiter.util import get_remote_address
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from app import messages
from app.api.schemas import LONGEST_KEY, AuthorizeBody, MoneyBody, RefundBody
from app.commit.acquirer_call import carry_out, refuse_while_down
from app.commit.batcher import NotTaken, StillRunning
from app.commit.redis_flush import flush_soon
from app.http import errors
from app.http.authentication import acting_connector, acting_merchant
from app.http.json_bodies import Malformed, parse
from app.http.limits import rate_headers, retry_header
from app.http.raw_bodies import read_bytes
from app.http.request_context import traceparent
from app.services import Services, services
from payments.payment.admission import AdmissionResult, Attempt, Refusal
from payments.payment.answers import PROCESSING, Result
from payments.payment.commands import COUNTED_AS, Command, Operation
from payments.platform.connectors import ConnectorName
from payments.platform.errors import IdempotencyKeyReused, PaymentsError, Permanent, RequestInProgress
from payments.platform.problems import status_of
from payments.platform.tracing import trace
from payments.platform.values import sensitive, texts

JSON: Final = "application/json"
REDIS_PATIENCE: Final = 0.5
"""Seconds. More than two round trips with all their timeouts; only resolving a name can take longer."""

AT_THE_ACQUIRER: Final = (
    "Where the merchant has an acquirer, it decides: 402 says why it declined. 202 says that nobody knows yet; the"
    " same request with the same key says more later, and so does the payment at `Location`. 503"
    " `ACQUIRER_UNAVAILABLE`: nothing was done."
)
"""For descriptions of the operations here."""
LOOK_AFTER: Final = 2
"""Seconds after which to ask what became of a payment that is being processed: housekeeping asks the acquirer then."""
_PAYMENTS: Final = (200, PROCESSING)
"""Statuses whose body is a payment; the others' is a problem."""
_OUTCOMES: Final = {200: "succeeded", PROCESSING: "processing", 402: "declined", 409: "conflict"}

_Model = TypeVar("_Model", bound=BaseModel)


def read_body(model: type[_Model], *, needed: Sequence[str] = ()) -> _Model:
    """The request's body as a `model`. Raises Problem, ValidationFailed or RequestEntityTooLarge.

    `needed`: fields that the model leaves optional and this request must have.
    """
    text = read_bytes()
    if request.mimetype != JSON:
        raise errors.Problem("UNSUPPORTED_MEDIA_TYPE", messages.NOT_APPLICATION_JSON)
    try:
        data = parse(text)
    except Malformed as error:
        raise errors.Problem("MALFORMED_JSON", messages.not_json(str(error))) from None
    missing = [name for name in needed if isinstance(data, dict) and name not in data]
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        raise errors.invalid_fields(error, missing) from None
    if missing:
        raise errors.invalid(missing[0], messages.MISSING)
    return found


def handle(operation: Operation, model: type[MoneyBody], payment_id: int = 0) -> Response:
    """Handle one money request, from its body to its answer; counts its outcome."""
    return respond(operation, lambda parts: _result(parts, operation, model, payment_id))


def respond(operation: Operation, run: Callable[[Services], Result]) -> Response:
    """The answer of a money request whose result `run` returns; counts its outcome. Raises what `run` raises."""
    parts = services()
    try:
        result = run(parts)
    except Exception as error:
        parts.metrics.payments_of(operation.value, "rejected" if _is_refusal(error) else "failed").inc()
        raise
    headers = g.answer_headers
    if result.replayed:
        headers["Idempotency-Replayed"] = "true"
        parts.metrics.replays.labels(operation.value).inc()
    else:
        parts.metrics.payments_of(operation.value, _OUTCOMES[result.status]).inc()
        if result.step:  # 0 for a success that was found after a lost COMMIT
            parts.metrics.amount_of(operation.value, result.currency).inc(result.step)
    if result.status == PROCESSING:
        headers |= _where_to_look(result)
    content_type = JSON if result.status in _PAYMENTS else errors.PROBLEM_JSON
    return Response(result.body, status=result.status, content_type=content_type)


def _where_to_look(result: Result) -> dict[str, str]:
    """Headers of an answer whose payment is being processed."""
    start, found, _ = request.path.partition("/payments/")
    payment_id = orjson.loads(result.body)["paymentId"]
    return {"Location": f"{start}{found}{payment_id}", "Retry-After": str(LOOK_AFTER)}


def _is_refusal(error: Exception) -> bool:
    """Whether the error is the client's (also: too early) and not the platform's."""
    if isinstance(error, PaymentsError):
        return status_of(error.code) < 500
    return isinstance(error, errors.Problem | HTTPException)


def _result(parts: Services, operation: Operation, model: type[MoneyBody], payment_id: int) -> Result:
    command = _command(parts, read_body(model, needed=() if g.caller else ("merchantId",)), operation, payment_id)
    admitted = _ask_redis(parts, command)
    result = _known(parts, command, admitted)
    if result is None:
        if operation is Operation.AUTHORIZE:
            refuse_while_down(parts, command)
        result = carry_out(parts, command)
        if result.replayed or isinstance(result.error, Permanent | RequestInProgress):
            _give_back(parts, command, admitted)
    if result.error is not None:
        raise result.error
    return result


def _ask_redis(parts: Services, command: Command) -> AdmissionResult:
    try:
        return parts.admission_batcher.submit(Attempt(command.scope, get_remote_address()), REDIS_PATIENCE)
    except (NotTaken, StillRunning):
        return AdmissionResult(failed_open=True)


def _give_back(parts: Services, command: Command, admitted: AdmissionResult) -> None:
    """A wrong or repeated request does not count against the merchant's window: anybody can send one in its name."""
    window = admitted.window
    if window is not None:
        parts.admission.give_back(command.scope, window)
        flush_soon(parts.admission)
        g.answer_headers.update(rate_headers(window.limit, window.remaining + 1, window.ends_at))


def _known(parts: Services, command: Command, admitted: AdmissionResult) -> Result | None:
    """The stored answer from Redis, or None. Raises IdempotencyKeyReused, or Problem when the limit is reached."""
    window = admitted.window
    if window is not None:
        g.answer_headers.update(rate_headers(window.limit, window.remaining, window.ends_at))
    if admitted.failed_open:
        parts.metrics.fail_open.inc()
    if admitted.answer is not None:
        if admitted.answer.digest != command.digest:
            raise IdempotencyKeyReused
        return Result(admitted.answer.status, admitted.answer.body, replayed=True)
    if not admitted.allowed and window is not None:
        parts.metrics.rejections.labels(COUNTED_AS[command.operation]).inc()
        of_address = admitted.refusal is Refusal.ADDRESS
        message = messages.TOO_MANY_OF_ADDRESS if of_address else messages.TOO_MANY_OF_MERCHANT
        raise errors.Problem("RATE_LIMIT_EXCEEDED", message, retry_header(window.ends_at))
    return None


def _command(parts: Services, body: MoneyBody, operation: Operation, payment_id: int) -> Command:
    key = idempotency_key(body.idempotency_key)
    if key is None and operation is Operation.AUTHORIZE:
        raise errors.invalid("idempotencyKey", messages.MISSING_KEY)
    headers = {trace.HEADER: parts.traces.current() or traceparent()}
    if isinstance(body, RefundBody) and body.reason is not None:
        headers["reason"] = body.reason
    merchant_id = acting_merchant(body.merchant_id)
    connector, payment_method = _way_to_the_acquirer(body)
    return Command(
        operation=operation,
        merchant_id=merchant_id,
        key=storable(key),
        digest=body.digest(operation.value, payment_id, merchant_id=merchant_id),
        payment_id=payment_id,
        amount=getattr(body, "amount", None),
        currency=getattr(body, "currency", ""),
        lifetime=parts.authorization_lifetime,
        request_id=g.request_id,
        headers=headers,
        connector=connector,
        payment_method=payment_method,
    )


def _way_to_the_acquirer(body: MoneyBody) -> tuple[str, str]:
    """(connector, payment method) of an authorization; a payment's other steps go where it was authorized."""
    connector = acting_connector() if isinstance(body, AuthorizeBody) else ConnectorName.NONE
    if connector == ConnectorName.NONE or not isinstance(body, AuthorizeBody):
        return ConnectorName.NONE, ""
    payment_method: str | None = body.payment_method
    if payment_method is None:
        raise errors.invalid("paymentMethod", messages.MISSING)
    return connector, payment_method


def storable(key: str | None) -> str:
    """The key as it is stored; without one, a new one."""
    return f"generated-{secrets.token_hex(16)}" if key is None else sensitive.storable_key(key)


def idempotency_key(in_body: str | None) -> str | None:
    """The idempotency key of the body or of the header, if any. Raises ValidationFailed when they differ."""
    raw = request.headers.get("Idempotency-Key")
    if raw is None:
        return in_body
    try:
        in_header = raw.encode("latin-1").decode()  # WSGI decodes bytes as latin-1; here they are UTF-8
    except UnicodeDecodeError:
        raise errors.invalid("Idempotency-Key", messages.UTF_8) from None
    if not 1 <= len(in_header) <= LONGEST_KEY:
        raise errors.invalid("Idempotency-Key", messages.length(LONGEST_KEY))
    fault = texts.fault(in_header)
    if fault is not None:
        raise errors.invalid("Idempotency-Key", fault)
    if in_body is not None and in_body != in_header:
        raise errors.invalid("idempotencyKey", messages.KEYS_DIFFER)
    return in_header
