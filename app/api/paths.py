"""Ids in paths: whole numbers from 1 to 2^63-1 without leading zeros; anything else is not found (404)."""

from werkzeug.routing import BaseConverter, ValidationError

from payments.platform.json_types import LARGEST_ID


class IdConverter(BaseConverter):
    """`<id:…>` in a route."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """The id. Raises Werkzeug's ValidationError, which means 404, when it exceeds 2^63-1."""
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number
