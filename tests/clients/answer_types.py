"""The types of the Python client's answers, written from the API's description by datamodel-code-generator.

`python -m tests.clients.answer_types` (`make client`) writes them; test_contract.py fails while they differ.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from datamodel_code_generator import generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import Formatter, PythonVersion
from datamodel_code_generator.parser import LiteralType

from app.__main__ import unconnected
from app.api.openapi import document
from tests.repo.sources import ROOT

PAGE: Final = ROOT / "clients/python/payops_client/answers.py"
HEADER: Final = '"""What the API answers to a merchant. Written by `make client` from /openapi.json; do not edit."""\n'
MERCHANTS: Final = "payments"
"""The tag of the operations that a merchant's shop calls."""
_REFERENCE: Final = "#/components/schemas/"
_ENUMS: Final = {"debitAccount": "Account", "creditAccount": "Account"}
"""Names of enums that are not named for their field."""


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations that a merchant's shop calls, by their ids."""
    found = [operation for path in described["paths"].values() for operation in path.values()]
    return {one["operationId"]: one for one in found if one["tags"] == [MERCHANTS]}


def references(value: Any) -> set[str]:
    """The names of the schemas that a part of the description refers to."""
    return set(re.findall(rf'"{_REFERENCE}(\w+)"', json.dumps(value)))


def answer_schemas(described: dict[str, Any]) -> dict[str, Any]:
    """The schemas of these operations' successes, and those that they refer to; enums have names of their own."""
    schemas, found = described["components"]["schemas"], dict[str, Any]()
    wanted = references([one["responses"]["200"] for one in operations(described).values()])
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = schemas[name]
            wanted |= references(schemas[name])
    named: dict[str, Any] = {}
    for name in sorted(found):
        fields = {field: _without_enum(field, schema, named) for field, schema in found[name]["properties"].items()}
        # not closed: a client takes fields that are newer than itself
        named[name] = {key: found[name][key] for key in ("type", "description", "required")} | {"properties": fields}
    return named


def _without_enum(field: str, schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    if "enum" not in schema:
        return schema
    name = _ENUMS.get(field, field[0].upper() + field[1:])
    enum = {"type": "string", "enum": schema["enum"]}
    if named.setdefault(name, enum) != enum:
        raise ValueError(f"two enums are called {name}")
    return {"$ref": _REFERENCE + name}


def written(described: dict[str, Any]) -> str:
    """The text of the page."""
    schemas = {"schemas": answer_schemas(described)}
    text = generate(
        json.dumps({"openapi": described["openapi"], "info": described["info"], "paths": {}, "components": schemas}),
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.TypingTypedDict,
        target_python_version=PythonVersion.PY_311,
        custom_file_header=HEADER,
        enum_field_as_literal=LiteralType.All,
        strict_nullable=True,
        use_schema_description=True,
        use_single_line_docstring=True,
        use_standard_collections=True,
        use_union_operator=True,
        formatters=[Formatter.BUILTIN],
    )
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--stdin-filename", PAGE.name, "-"]
    return subprocess.run(ruff, input=str(text), capture_output=True, text=True, check=True, cwd=ROOT).stdout


if __name__ == "__main__":
    PAGE.write_text(written(document(unconnected())), encoding="utf-8")
