"""docs/reference/settings.md, from the settings class."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sources.settings_model import Settings, variable

PAGE = Path("docs/reference/settings.md")
HEAD = """# Settings

Generated from `sources/settings_model.py` by `python -m docs.generate`; do not edit.
All settings are environment variables. An empty variable counts as unset; an invalid value is an error.

| variable | default | values | means |
|---|---|---|---|
"""
TAIL = """
## Variables of a source
Named after the source, or by its `source.yaml`; they are read by `source_variable` of `sources/settings.py`.

| variable | means |
|---|---|
| `COMPACT_URL_<SOURCE_ID>` | fetch from a mirror, a proxy or a stand-in instead of the agency's address |
| `COMPACT_ROUTE_<SOURCE_ID>` | another of a reader's routes than the one in `source.yaml` |
| `key_variable` of a source.yaml | its access key; without it the source is not fetched |
| `switch_variable` of a source.yaml | any value permits fetching a source that costs gigabytes |

The object store of releases also reads the usual `AWS_*` variables, and Dagster its `DAGSTER_HOME`
(`$COMPACT_HOME/dagster` by default).
"""


def files() -> dict[Path, str]:
    """Return the page by its path in the checkout."""
    return {PAGE: settings_page()}


def settings_page() -> str:
    """Return the whole page as Markdown."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items()) + TAIL


def _row(name: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    shown = f"`{default}`" if default or default is False else "none"
    return f"| `{variable(name)}` | {shown} | {_values(field)} | {field.description} |\n"


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    kinds = [one for one in get_args(kind) or (kind,) if one is not NoneType]
    if SecretStr in kinds:
        return "text, kept secret"
    return "path" if Path in kinds else "1 or 0" if bool in kinds else "text"
