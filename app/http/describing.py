"""Descriptions of views for /openapi.json, written beside the views; `app.api.openapi` builds the document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from payments.merchants.rules import Scope
from payments.platform.json_types import JsonObject

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE: Final = "described_as"


@dataclass(frozen=True, slots=True)
class Description:
    """One operation. `answers`: status → model, or media type without a model, as `body`; `problems`: of errors."""

    summary: str
    tag: str
    answers: dict[int, type[JsonObject] | str]
    problems: Sequence[int] = ()
    body: type[BaseModel] | str | None = None
    parameters: Sequence[dict[str, Any]] = ()
    scopes: Sequence[Scope] = ()
    """A key needs one of these; none: the operation is for everybody."""
    first_key: bool = False
    """Whether the admin token opens it also where keys are required."""
    listed: bool = True
    """Whether /openapi.json has it."""
    limited: bool = True
    """Whether answers carry X-RateLimit-* (when Redis answers)."""
    replays: bool = False
    """Whether the operation takes idempotency keys."""
    text: str = ""


def describe(description: Description) -> Callable[[View], View]:
    """Attach a description to a view."""

    def attach(view: View) -> View:
        setattr(view, _ATTRIBUTE, description)
        return view

    return attach


def description_of(view: Callable[..., Any]) -> Description | None:
    """The description that `describe` attached, or None."""
    found: Description | None = getattr(view, _ATTRIBUTE, None)
    return found
