"""Parses a definition file into its model, and reports every fault: place, expected value, next step.

The models are in schemas/definitions.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from schemas.definitions.slips import value_slip
from schemas.definitions.yaml_file import Place, YamlFile
from schemas.errors import DefinitionError, Problem

M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], file: YamlFile) -> M:
    """Return the model of a file, or raise DefinitionError with file, line, field, expected value and next
    step.
    """
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        raise DefinitionError(_problems(model, file, [dict(e) for e in error.errors()])) from None


def _problems(model: type[BaseModel], file: YamlFile, errors: list[dict[str, Any]]) -> list[Problem]:
    """Return one problem per field: merge the branches of a union, and a field's wrong and right name."""
    problems: dict[Place, Problem] = {}
    misspelt: set[Place] = set()
    for error in errors:
        place = place_of(file.data, error["loc"])
        problem = _problem(model, file, place, error)
        if place not in problems:
            problems[place] = problem
        elif problem.allowed and problem.allowed not in problems[place].allowed:
            problems[place] = replace(
                problems[place], allowed=f"{problems[place].allowed} or {problem.allowed}"
            )
        if error["type"] == "extra_forbidden":
            misspelt |= {(*place[:-1], near) for near in _near(place, _siblings(model, place))}
    missing = {place_of(file.data, e["loc"]) for e in errors if e["type"] == "missing"}
    return [problem for place, problem in problems.items() if place not in misspelt & missing]


def _problem(model: type[BaseModel], file: YamlFile, place: Place, error: dict[str, Any]) -> Problem:
    field, step = ".".join(map(str, place)) or "(file)", "fix the field, then run `compact check`"
    context = error.get("ctx") or {}
    if error["type"] == "extra_forbidden":
        siblings = _siblings(model, place)
        near = _near(place, siblings)
        what, allowed = "unknown field", ", ".join(siblings)
        step = f"did you mean `{near[0]}`?" if near else f"remove `{place[-1]}` or use one of those"
    elif error["type"] == "missing":
        what, allowed = "is missing and is required", _describe(model, place)
        step = f"add `{place[-1]}: ...`"
    else:
        value = error.get("input")
        if (slip := value_slip(place, value, str(error["type"]))) is not None:
            return Problem(str(file.path), file.line(place), field, *slip)
        what = "has no value" if value is None else f"{str(value)[:60]!r} cannot stand here"
        allowed = str(context.get("expected") or error["msg"].removeprefix("Input should be "))
        allowed = f"text like {context['pattern']}" if "pattern" in context else allowed
    return Problem(str(file.path), file.line(place), field, what, allowed, step)


def place_of(data: Any, location: tuple[str | int, ...]) -> Place:
    """Return the place of an error in the document: pydantic's `loc` also names branches of unions, which
    are not fields.
    """
    place: list[str | int] = []
    for index, part in enumerate(location):
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if inside:
            data = data[part]
        if inside or (index == len(location) - 1 and isinstance(data, dict)):
            place.append(part)
    return tuple(place)


def _near(place: Place, names: list[str]) -> list[str]:
    return difflib.get_close_matches(str(place[-1]), names, 1, 0.7)


def _siblings(model: type[BaseModel], place: Place) -> list[str]:
    return sorted(_holder(model, place).model_fields)


def _describe(model: type[BaseModel], place: Place) -> str:
    """Return the allowed values of a field that has some, and its description."""
    field = _holder(model, place).model_fields.get(str(place[-1]))
    words = (
        ", ".join(map(str, getattr(field.annotation, "__args__", ())))
        if field is not None and (get_origin(field.annotation) is Literal)
        else ""
    )
    text = (field.description or "") if field is not None else ""
    return (
        f"{words}: {text}"
        if words and text
        else words or text or "a value; see docs/definitions.md for the field"
    )


def _holder(model: type[BaseModel], place: Place) -> type[BaseModel]:
    """Return the model that has the last field of a place."""
    holder: type[BaseModel] = model
    for part in place[:-1]:
        if not isinstance(part, int) and part in holder.model_fields:
            holder = _model_of(holder.model_fields[part].annotation) or holder
    return holder


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := _model_of(a))), None)
