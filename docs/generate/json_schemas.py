"""The JSON schemas in schemas/json, with which editors check definition files, and tables of fields.

diff.schema.json is a separate contract, written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schemas.definitions.indicator import Indicator, RemovedFile
from schemas.definitions.scores import ScoreFile
from schemas.definitions.source import Source
from schemas.definitions.targets import ClaimFile, CommitmentFile, CrosswalkFile, FieldFile

MODELS: Mapping[str, type[BaseModel]] = {
    "indicator": Indicator,
    "source": Source,
    "targets": CommitmentFile,
    "claims": ClaimFile,
    "crosswalk": CrosswalkFile,
    "field": FieldFile,
    "scores": ScoreFile,
    "removed": RemovedFile,
}
TYPES = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}


def files() -> dict[Path, str]:
    """Return the JSON schemas by their path in the checkout."""
    return {
        Path("schemas/json") / f"{name}.schema.json": _schema(name, model) for name, model in MODELS.items()
    }


def fields(model: type[BaseModel]) -> str:
    """Return a Markdown table of a model's fields, those of nested models under dotted names."""
    schema = model.model_json_schema()
    lines = ["| field | type | required | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *_rows(schema, schema["$defs"], "")])


def _schema(name: str, model: type[BaseModel]) -> str:
    made = model.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Generated from {model.__name__}",
    }
    return json.dumps({**head, **made, "title": f"{name}.yaml"}, indent=1, ensure_ascii=False) + "\n"


def _rows(schema: Mapping[str, Any], inner: Mapping[str, Any], prefix: str) -> list[str]:
    rows: list[str] = []
    for name, part in schema["properties"].items():
        required = "yes" if name in schema.get("required", []) else "no"
        default = part.get("default")
        if required == "no" and default not in (None, "", [], {}):
            required = f"no: {json.dumps(default)}"
        text = part.get("description", "").replace("|", r"\|").replace("\n", " ")
        rows.append(f"| `{prefix}{name}` | {_type(part, inner)} | {required} | {text} |")
        for model in _models(part):
            mark = "[]" if part.get("type") == "array" or "oneOf" in part else ""
            rows += _rows(inner[model], inner, f"{prefix}{name}{mark}.")
    return rows


def _type(part: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{word}`" for word in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if "$ref" in part:
        return "fields below" if "properties" in inner[part["$ref"].rsplit("/", 1)[1]] else "text"
    if branches := part.get("anyOf") or part.get("oneOf"):
        words = [_type(branch, inner) for branch in branches if branch.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if part.get("type") == "array":
        return f"list of {_type(part['items'], inner)}"
    if part.get("type") == "object":
        named = part.get("patternProperties") or {"": part.get("additionalProperties")}
        values = next(iter(named.values()))
        return f"names, each with {_type(values, inner)}" if isinstance(values, dict) else "names and values"
    return TYPES.get(str(part.get("type")), "anything")


def _models(part: Mapping[str, Any]) -> list[str]:
    """Return the models nested in a field, each once."""
    return list(dict.fromkeys(re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(part))))
