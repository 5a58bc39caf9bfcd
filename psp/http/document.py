"""Builds the OpenAPI document (3.1.0) from the routes, their descriptions, and the types of bodies and answers."""

import re
from typing import Any, Final

from apispec import APISpec
from flask import Flask
from pydantic import TypeAdapter

from psp.answers import Error
from psp.http.described import Description, description_of

_REF: Final = "#/components/schemas/{model}"
_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_VERBS: Final = ("get", "put", "post", "delete")


def document(app: Flask) -> dict[str, Any]:
    """The document of all routes whose views have a description."""
    spec = APISpec(title="Acquirer simulator", version="1", openapi_version="3.1.0", info={"description": _ABOUT})
    for name, text in _SECURITY.items():
        spec.components.security_scheme(name, {"type": "http", "scheme": "bearer", "description": text})
    operations: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        description = description_of(app.view_functions[rule.endpoint])
        if description is not None:
            verb = next(verb for verb in _VERBS if verb.upper() in (rule.methods or ()))
            operation = _operation(spec, description, rule.endpoint, rule.arguments)
            operations.setdefault(_VARIABLE.sub(r"{\1}", rule.rule), {})[verb] = operation
    for path, verbs in operations.items():
        spec.path(path, operations=verbs)
    return spec.to_dict()


_ABOUT: Final = "Every error is JSON with a stable code and a message. docs/simulator.md explains the rules."
_SECURITY: Final = {
    "key": "A secret key (PSP_KEYS)",
    "publishable": "The key of browsers (PSP_PUBLISHABLE_KEY), or a secret key",
    "control": "The control token (PSP_CONTROL_TOKEN)",
}


def _operation(spec: APISpec, described: Description, endpoint: str, variables: set[str]) -> dict[str, Any]:
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in variables]
    result: dict[str, Any] = {
        "operationId": endpoint,
        "summary": described.summary,
        "parameters": [*in_path, *described.parameters],
        "security": [{described.security: []}] if described.security else [],
        "responses": {},
    }
    if described.body is not None:
        result["requestBody"] = {"required": True, "content": _json(spec, described.body)}
    for status in described.refusals:
        result["responses"][str(status)] = {"description": "Refused", "content": _json(spec, Error)}
    for status, kind in described.answers.items():
        content = {kind: {"schema": {"type": "string"}}} if isinstance(kind, str) else _json(spec, kind)
        result["responses"][str(status)] = {"description": kind if isinstance(kind, str) else _text(kind)}
        result["responses"][str(status)]["content"] = content
    return result


def _json(spec: APISpec, kind: Any) -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema(ref_template=_REF, by_alias=True)
    for name, definition in {**schema.pop("$defs", {}), kind.__name__: schema}.items():
        if spec.components.schemas.get(name, definition) != definition:
            raise ValueError(f"two types are called {name}")
        if name not in spec.components.schemas:
            spec.components.schema(name, definition)
    return {"application/json": {"schema": {"$ref": _REF.format(model=kind.__name__)}}}


def _text(kind: Any) -> str:
    return str(kind.__doc__ or kind.__name__).splitlines()[0]
