"""Dataclasses that describe a JSON answer once: `encode` and OpenAPI (`app.api.openapi`) read the same fields.

Nothing is validated, neither on construction nor on encoding: a stored value may be broken and must still be shown.
pydantic, which makes the schemas, finds its hooks by their names and is not imported: workers load none of it (ADR 25).
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Final, TypeVar

import orjson

LARGEST_ID: Final = 2**63 - 1

T = TypeVar("T")
Schema = dict[str, Any]
Handler = Callable[[Any], Schema]
"""Gives the JSON Schema of one of pydantic's."""


def member_name(field: str) -> str:
    """The camelCase of a field's name; without the underscore of one that would be a keyword."""
    first, *others = field.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Base of frozen dataclasses: members have the order of the fields, and their names in camelCase.

    A field with a default is left out when it is None. OpenAPI describes keyword-only fields after the others.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "alias_generator": member_name}


class Keywords:
    """Keywords that JSON Schema has for a member beside its type."""

    def __init__(self, **keywords: Any) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, schema: Any, handler: Handler) -> Schema:
        return handler(schema) | self._keywords


class OneOf:
    """Names in the member's own schema: an enum among the components would be another type for clients."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [*names]

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Handler) -> Schema:
        return {"enum": self._names, "type": "string"}


class _NeverNull:
    def __get_pydantic_json_schema__(self, schema: Any, handler: Handler) -> Schema:
        (kept,) = (option for option in handler(schema)["anyOf"] if option != {"type": "null"})
        described: Schema = kept
        return described


Time = Annotated[str, Keywords(format="date-time", description="UTC with microseconds")]
Count = Annotated[int, Keywords(minimum=0)]
Identifier = Annotated[int, Keywords(minimum=1, maximum=LARGEST_ID)]
Minor = Annotated[int, Keywords(minimum=0, description="Minor units of the currency")]
OptionalMember = Annotated[T | None, _NeverNull()]
"""A member that is absent or has a value; the field's default is None."""


@dataclass(frozen=True, slots=True)
class _Members:
    """A type's fields with their members' names, and the names of those that are left out when they are None."""

    names: tuple[tuple[str, str], ...]
    optional: tuple[str, ...]


class _MembersOfTypes(dict[type[JsonObject], _Members]):
    def __missing__(self, kind: type[JsonObject]) -> _Members:
        name_of = kind.__pydantic_config__["alias_generator"]
        names = tuple((field.name, name_of(field.name)) for field in fields(kind))
        optional = tuple(name_of(field.name) for field in fields(kind) if field.default is None)
        found = self[kind] = _Members(names, optional)
        return found


_known: Final = _MembersOfTypes()


def members(value: object) -> dict[str, Any]:
    """The members of a JsonObject, for the `default` of an encoder. Raises TypeError for anything else."""
    if not isinstance(value, JsonObject):
        raise TypeError(f"{type(value).__name__} is no JsonObject")
    kind = _known[type(value)]
    found = {name: getattr(value, field) for field, name in kind.names}
    for name in kind.optional:
        if found[name] is None:
            del found[name]
    return found


def names_of(kind: type[JsonObject]) -> tuple[str, ...]:
    """The names of a type's members, in their order."""
    return tuple(name for _, name in _known[kind].names)


def encode(value: JsonObject) -> bytes:
    """Compact JSON in UTF-8. Integers beyond 64 bits, which orjson refuses, are written by the standard library."""
    try:
        return orjson.dumps(value, default=members, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except orjson.JSONEncodeError:
        return json.dumps(value, default=members, separators=(",", ":"), ensure_ascii=False).encode()
