"""The registry of the methods by which progress is assessed: the header of each file in
warehouse/models/sql/progress.

A method is one SQL file, named after the method's id. This module reads the comment at its top: description,
owner, classes and added columns. The computation follows below the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.columns.model import Column
from schemas.columns.shared import number
from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.definitions.yaml_file import parse_yaml
from schemas.errors import DefinitionError, Problem

FOLDER = Path(__file__).resolve().parents[2] / "warehouse" / "models" / "sql" / "progress"
# Classes of any method in addition to its own: no verdict, with the reason; and a missed deadline. A missed
# deadline has no information on the pace, so it is not compared.
Outlook = Literal["positive", "neutral", "negative", "by_measure"]
COMMON_CLASSES: dict[str, Outlook | None] = {
    "insufficient_data": None,
    "not_applicable": None,
    "target_met": "positive",
    "target_missed": None,
}
OUTLOOKS = ("positive", "neutral", "negative")

Sentence = Annotated[str, Field(min_length=1)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Method(BaseModel):
    """The header of a method's file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
    title: Sentence
    publication: Sentence
    edition: Sentence
    provisional: str = Field(default="", description="what was not read in the source; empty where all was")
    measure: Sentence
    score: str = Field(default="", description="the scale of the score; empty where the method has none")
    classes: dict[Word, Outlook] = Field(
        min_length=2,
        description="the method's own classes, best first, and what each says of the direction; by_measure: "
        "negative where the measure is below zero or missing, else neutral",
    )
    components: dict[Word, Sentence]
    formula: Sentence
    left_open: str = ""
    reproduced: Sentence
    not_reproduced: Sentence


def read_header(path: Path) -> Method:
    """Read the header of a method's file. Raises DefinitionError with the file and the invalid field."""
    text = path.read_text(encoding="utf-8")
    header, end, _ = text.removeprefix("/*\n").partition("\n*/\n")
    try:
        if not text.startswith("/*\n") or not end:
            raise ValueError("does not begin with a header between /* and */ on lines of their own")
        return Method.model_validate({"id": path.stem, **parse_yaml(path, f"\n{header}").data})
    except ValidationError as error:
        raise DefinitionError(
            [
                Problem(
                    str(path),
                    1,
                    ".".join(map(str, fault["loc"])),
                    fault["msg"],
                    "see schemas/definitions/methods.py",
                )
                for fault in error.errors()
            ]
        ) from None
    except (ValueError, TypeError) as error:
        raise DefinitionError(
            [Problem(str(path), 1, "(header)", str(error), "YAML, see schemas/definitions/methods.py")]
        ) from None


@cache
def methods() -> Mapping[str, Method]:
    """Return every method by its id, the default first."""
    headers = [read_header(path) for path in FOLDER.glob("*.sql")]
    return {one.id: one for one in sorted(headers, key=lambda one: (one.id != DEFAULT_METHOD, one.id))}


def categories() -> tuple[str, ...]:
    """Return every class of any method, each once: the default method's first, the common ones last."""
    own = [name for method in methods().values() for name in method.classes]
    return tuple(dict.fromkeys([*own, *COMMON_CLASSES]))


def component_columns() -> tuple[Column, ...]:
    """Return the columns that methods add; columns of the same name have the same meaning in each."""
    said: dict[str, list[str]] = {}
    for method in methods().values():
        for name, description in method.components.items():
            said.setdefault(name, []).append(f"{method.id}: {description}")
    return tuple(number(name, "; ".join(parts) + ".", nullable=True) for name, parts in said.items())
