"""Request bodies of the operators' desk for reconciliation."""

from pydantic import Field

from app.api.schemas import Body, DiscardReason


class ExceptionEndBody(Body):
    """How the difference is explained, or why nobody will explain it."""

    reason: DiscardReason = Field(description="Why, for the people who read it later")
