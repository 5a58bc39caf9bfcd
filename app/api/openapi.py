"""Builds the OpenAPI document from the routes, the descriptions of their views, and the types of bodies and answers.

Version 3.0.3, because the Swagger UI on PyPI shows nothing newer.
"""

import re
from typing import Any, Final

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel, TypeAdapter

from app.api.schemas import AuthorizeBody, MoneyBody
from app.http.describing import Description, description_of
from app.http.errors import PROBLEM_JSON
from payments.merchants.rules import SCOPES_OF, KeyKind
from payments.platform.json_types import JsonObject
from payments.platform.problems import PROBLEMS, ProblemDetails

VERSION: Final = "0.1.0"
_REF: Final = "#/components/schemas/{model}"
_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_OPERATORS: Final = frozenset(SCOPES_OF[KeyKind.OPERATOR])
_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "schema": schema}


_REQUEST_ID: Final = {"X-Request-Id": _header("Names this request in our logs", _TEXT)}
_LIMITED: Final = {
    "X-RateLimit-Limit": _header("Requests in one window; absent while Redis does not answer", _WHOLE),
    "X-RateLimit-Remaining": _header("Requests left in this window", _WHOLE),
    "X-RateLimit-Reset": _header("When the window ends, in seconds since 1970", _WHOLE),
}
_RETRY: Final = {"Retry-After": _header("Seconds after which to try again", _WHOLE)}
_REPLAYED: Final = {
    "Idempotency-Replayed": _header("true: an answer given before", {"type": "string", "enum": ["true"]})
}
_PROCESSING: Final = {"Location": _header("The payment that is being processed", _TEXT)} | _RETRY
_CHALLENGE: Final = {"WWW-Authenticate": _header("Bearer", _TEXT)}


def document(app: Flask, *, keys_required: bool = False) -> dict[str, Any]:
    """The document of all routes whose views have a description that is to be listed.

    `keys_required`: whether merchants need keys; else their names are enough.
    """
    spec = APISpec(title="payops", version=VERSION, openapi_version="3.0.3", info={"description": _about()})
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    models = _Models(spec, keys_required=keys_required)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        description = description_of(app.view_functions[rule.endpoint])
        if description is not None and description.listed:
            method = next(verb for verb in ("post", "patch", "get") if verb.upper() in (rule.methods or ()))
            optional = not keys_required and _OPERATORS.isdisjoint(description.scopes)
            operation = _operation(description, rule.endpoint, models, optional=optional)
            spec.path(_VARIABLE.sub(r"{\1}", rule.rule), operations={method: operation})
    return spec.to_dict()


def _about() -> str:
    codes = ", ".join(f"{code} ({status})" for code, (status, _) in PROBLEMS.items())
    return (
        f"Every error is a problem (RFC 9457) with one of these codes: {codes}."
        " Any operation may answer 414, 415, 417, 431 or 501 to a request line, headers or codings that it cannot take."
    )


def _operation(description: Description, endpoint: str, models: "_Models", *, optional: bool) -> dict[str, Any]:
    """`optional`: whether the operation can do without the key that it names scopes for."""
    result: dict[str, Any] = {
        "operationId": endpoint,
        "summary": description.summary,
        "tags": [description.tag],
        "responses": {},
    }
    if description.text:
        result["description"] = description.text
    if description.parameters:
        result["parameters"] = [_parameter(one, required=optional) for one in description.parameters]
    if description.body is not None:
        result["requestBody"] = {"required": True, "content": _content(description.body, models)}
    if description.scopes:
        result["security"] = [{"key": []}, {}] if optional else [{"key": []}]
        result["x-scopes"] = [scope.value for scope in description.scopes]
    for status, kind in description.answers.items():
        result["responses"][str(status)] = _response(description, status, "Done", _content(kind, models))
    for status in sorted({400, *description.problems}):  # 400: a malformed head or query
        titles = " · ".join(title for number, title in PROBLEMS.values() if number == status)
        content = {PROBLEM_JSON: models.schema(ProblemDetails)}
        result["responses"][str(status)] = _response(description, status, titles, content)
    return result


def _content(kind: type[JsonObject | BaseModel] | str, models: "_Models") -> dict[str, Any]:
    """Of a body or an answer: a type, or a media type without one."""
    return {kind: {"schema": _TEXT}} if isinstance(kind, str) else {"application/json": models.schema(kind)}


def _parameter(parameter: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """`required`: whether the merchant must be named, for want of a key."""
    return {**parameter, "required": True} if required and parameter["name"] == "merchantId" else parameter


def _response(description: Description, status: int, text: str, content: dict[str, Any]) -> dict[str, Any]:
    headers = dict(_REQUEST_ID)
    if description.limited:
        headers |= _LIMITED
    if status in (429, 503) or (status == 409 and description.replays):
        headers |= _RETRY
    if description.replays and status == 202:
        headers |= _PROCESSING
    if description.replays and status in (200, 202, 402, 409):
        headers |= _REPLAYED
    if status == 401:
        headers |= _CHALLENGE
    return {"description": text, "headers": headers, "content": content}


class _Models:
    """The schemas of the types that operations use, each once among the components."""

    def __init__(self, spec: APISpec, *, keys_required: bool) -> None:
        self._spec = spec
        self._keys_required = keys_required

    def schema(self, model: type[JsonObject | BaseModel]) -> dict[str, Any]:
        """A media type object that refers to the type."""
        schema = TypeAdapter(model).json_schema(ref_template=_REF, by_alias=True)
        for name, definition in schema.pop("$defs", {}).items():
            self._add(name, definition)
        if issubclass(model, MoneyBody) and not self._keys_required:  # no key says who the merchant is
            schema["required"] = ["merchantId", *schema.get("required", ())]
        if model is AuthorizeBody:  # the header may have it instead, which OpenAPI cannot express
            schema["required"].append("idempotencyKey")
        self._add(model.__name__, schema)
        return {"schema": {"$ref": _REF.format(model=model.__name__)}}

    def _add(self, name: str, schema: dict[str, Any]) -> None:
        if name not in self._spec.components.schemas:
            self._spec.components.schema(name, _as_openapi_3_0(schema))


def _as_openapi_3_0(schema: Any) -> Any:
    """Convert pydantic's JSON Schema 2020-12 to the dialect of OpenAPI 3.0: no null type, no const."""
    if isinstance(schema, list):
        return [_as_openapi_3_0(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        members = {name: _as_openapi_3_0(member) for name, member in schema["properties"].items()}
        schema = {**schema, "properties": members}
    result = {key: _converted(key, value) for key, value in schema.items() if not _is_noise(key, value)}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    options = result.get("anyOf", [])
    if {"type": "null"} in options:
        (kept,) = (option for option in options if option != {"type": "null"})
        del result["anyOf"]
        result |= {"allOf": [kept], "nullable": True} if "$ref" in kept else {**kept, **result, "nullable": True}
    return result


def _converted(key: str, value: Any) -> Any:
    return value if key in ("properties", "enum", "required") else _as_openapi_3_0(value)


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)
