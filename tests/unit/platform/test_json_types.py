"""How typed answers are encoded and described: names, order, absent members, integers of any size, broken values."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import TypeAdapter

from payments.platform.json_types import (
    Count,
    Identifier,
    JsonObject,
    Minor,
    OneOf,
    OptionalMember,
    Time,
    encode,
    member_name,
    members,
)


class Colour(StrEnum):
    """Any enum."""

    RED = "RED"
    GREEN = "GREEN"


@dataclass(frozen=True, slots=True)
class Part(JsonObject):
    """A part."""

    part_id: Identifier
    text: str = field(kw_only=True)
    text_encoding: OptionalMember[Literal["base64"]] = field(default=None, kw_only=True)
    colour: Annotated[str, OneOf(Colour)]
    first_seen: Time
    cleared_at: Time | None
    discard_reason: OptionalMember[str] = None


@dataclass(frozen=True, slots=True)
class Whole(JsonObject):
    """A whole."""

    items: list[Part]
    total: Minor
    by_name: dict[str, Count]


AT = "2026-01-02T03:04:05.000006Z"
PART = Part(7, Colour.RED, AT, None, text="é\u2028\0")


def schema(kind: type[JsonObject]) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema(by_alias=True)


def test_members_have_the_order_of_the_fields_and_camel_case_names() -> None:
    assert encode(PART).decode() == (
        '{"partId":7,"text":"é\u2028\\u0000","colour":"RED","firstSeen":"2026-01-02T03:04:05.000006Z","clearedAt":null}'
    )


def test_optional_members_are_shown_when_they_have_a_value() -> None:
    part = Part(7, "GREEN", AT, AT, "why", text="AA==", text_encoding="base64")
    assert list(members(part)) == [
        "partId",
        "text",
        "textEncoding",
        "colour",
        "firstSeen",
        "clearedAt",
        "discardReason",
    ]
    assert json.loads(encode(part)) == members(part)


@pytest.mark.parametrize("total", [2**53 + 1, 2**63, 3 * (2**63 - 1), -(2**64), 10**40])
def test_integers_of_any_size_are_exact(total: int) -> None:
    whole = Whole([PART], total, {"snake_case": total})
    assert f'"total":{total},"byName":{{"snake_case":{total}}}' in encode(whole).decode()
    assert members(whole)["total"] == total


@pytest.mark.filterwarnings("error")
def test_broken_values_are_shown_as_they_are() -> None:
    broken: Any = [-1, "PURPLE", None, 12]
    assert json.loads(encode(Part(*broken, text=5))) == {  # type: ignore[arg-type]
        "partId": -1,
        "text": 5,
        "colour": "PURPLE",
        "firstSeen": None,
        "clearedAt": 12,
    }


def test_the_standard_library_encodes_them_too() -> None:
    assert json.dumps({"whole": Whole([PART], 1, {})}, default=members) == (
        '{"whole": '
        '{"items": [{"partId": 7, "text": "\\u00e9\\u2028\\u0000", "colour": "RED", '
        '"firstSeen": "2026-01-02T03:04:05.000006Z", "clearedAt": null}], "total": 1, "byName": {}}}'
    )


def test_the_schema_is_of_the_same_members() -> None:
    properties = schema(Part)["properties"]
    assert sorted(properties) == sorted(members(Part(7, "GREEN", AT, AT, "why", text="AA==", text_encoding="base64")))
    assert schema(Part)["required"] == ["partId", "colour", "firstSeen", "clearedAt", "text"]
    assert schema(Part)["additionalProperties"] is False
    assert {key: properties["colour"][key] for key in ("enum", "type")} == {"enum": ["RED", "GREEN"], "type": "string"}
    assert {key: properties["firstSeen"][key] for key in ("format", "type")} == {
        "format": "date-time",
        "type": "string",
    }
    assert {key: properties["partId"][key] for key in ("minimum", "maximum")} == {"minimum": 1, "maximum": 2**63 - 1}


def test_an_optional_member_is_never_null_in_the_schema() -> None:
    properties = schema(Part)["properties"]
    assert "anyOf" not in properties["discardReason"]
    assert properties["discardReason"]["type"] == "string"
    assert properties["textEncoding"]["const"] == "base64"
    assert {"type": "null"} in properties["clearedAt"]["anyOf"]


def test_nothing_else_is_encoded() -> None:
    other: Any = object()
    with pytest.raises(TypeError, match="object is no JsonObject"):
        members(other)


def test_names_in_camel_case() -> None:
    assert [member_name(name) for name in ("id", "payment_id", "from_", "number_of_slow_calls")] == [
        "id",
        "paymentId",
        "from",
        "numberOfSlowCalls",
    ]
