"""Ids in paths: whole numbers, and texts of merchants; anything else is not found (404)."""

from werkzeug.routing import BaseConverter, ValidationError

from payments.platform.json_types import LARGEST_ID


class IdConverter(BaseConverter):
    """`<id:…>` in a route: a whole number from 1 to 2^63-1 without leading zeros."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """The id. Raises Werkzeug's ValidationError, which means 404, when it exceeds 2^63-1."""
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


class TextConverter(BaseConverter):
    """`<text:…>` at the end of a route: any text of one character or more.

    Werkzeug's `path` takes no slash at the beginning and no newline, which a merchantId may have.
    """

    regex = r"[\s\S]+"
    part_isolating = False
    weight = 200
