"""Descriptions of views for /openapi.json, written beside the views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE: Final = "described_as"
KEYED: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The reference of the body",
    "schema": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Description:
    """One operation. `answers`: status → type of the JSON, or a media type; `refusals`: statuses of errors."""

    summary: str
    answers: Mapping[int, Any]
    refusals: Sequence[int] = ()
    body: type[BaseModel] | None = None
    parameters: Sequence[dict[str, Any]] = field(default=())
    security: str | None = "key"


def describe(description: Description) -> Callable[[View], View]:
    """Attach a description to a view."""

    def attach(view: View) -> View:
        setattr(view, _ATTRIBUTE, description)
        return view

    return attach


def description_of(view: Callable[..., Any]) -> Description | None:
    """The description of a view; None when it has none."""
    found: Description | None = getattr(view, _ATTRIBUTE, None)
    return found


def query(name: str, schema: dict[str, Any], description: str, *, required: bool = False) -> dict[str, Any]:
    """A parameter of the query string."""
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}
