"""Dataclasses that describe a JSON answer once: the encoder and OpenAPI read the same fields.

Constructing one validates nothing, and neither does encoding it: a stored value may be broken and must still be shown.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, TypeAdapter, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

T = TypeVar("T")

LARGEST_ID: Final = 2**63 - 1


class JsonObject:
    """Base of frozen dataclasses. Members have the fields' names in camelCase and the fields' order.

    OpenAPI describes fields that are keyword-only after the others.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", alias_generator=to_camel)


class _NeverNull:
    """The schema of an optional member: it is absent or has a value."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        (kept,) = (option for option in handler(schema)["anyOf"] if option != {"type": "null"})
        described: JsonSchemaValue = kept
        return described


def one_of(names: Iterable[str]) -> WithJsonSchema:
    """The names as an inline schema: an enum of its own among the components would be another type for clients."""
    return WithJsonSchema({"enum": [*names], "type": "string"})


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="UTC with microseconds")]
Count = Annotated[int, Field(ge=0)]
Identifier = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Minor = Annotated[int, Field(ge=0, description="Minor units of the currency")]
OptionalMember = Annotated[T | None, Field(exclude_if=lambda value: value is None), _NeverNull()]
"""A member that is left out when it is None, and is never null. The field needs the default None."""


class _Adapters(dict[type[JsonObject], TypeAdapter[Any]]):
    """Each type's encoder, built when it is first used."""

    def __missing__(self, kind: type[JsonObject]) -> TypeAdapter[Any]:
        adapter = self[kind] = TypeAdapter(kind)
        return adapter


_adapters: Final = _Adapters()


def encode(value: JsonObject) -> bytes:
    """Compact JSON in UTF-8; integers of any size are exact."""
    return _adapters[type(value)].dump_json(value, by_alias=True, warnings=False)


def members(value: JsonObject) -> dict[str, Any]:
    """The same as a dict for `json.dumps`."""
    found: dict[str, Any] = _adapters[type(value)].dump_python(value, mode="json", by_alias=True, warnings=False)
    return found
