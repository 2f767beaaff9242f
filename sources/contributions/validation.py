"""Validates rows against their template: each is accepted whole, or rejected with a reason for every invalid
cell.

No conversion is guessed: a number has a decimal point and no separators, a date is a day written YYYY-MM-DD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.definitions.contribution_templates import MISSING_STATUSES, Field, Rule, Template
from sources.contributions.cells import Cell, Received, Row, is_number, text_fault
from sources.contributions.code_checks import Known, area_of, code_fault, metric_units, series_fault

Value = str | float | int | None
BELOW_ONE = "below 1 per cent"
NUMBERS = "a number with a point and without separators, such as -1234.5"


@dataclass(frozen=True)
class Fault:
    """One fault. column: empty for the whole row; reason: the ledger's key; says: a sentence."""

    column: str
    reason: str
    says: str


@dataclass(frozen=True)
class Judged:
    """A row with its values, if accepted, or its faults. cells: by column, including those of the sheet
    `file`.
    """

    row: Row
    cells: Mapping[str, Cell]
    values: Mapping[str, Value]
    faults: tuple[Fault, ...]


def judge(received: Received, template: Template, known: Known, this_year: int) -> list[Judged]:
    """Validate every row of the file, in order.

    Rows with the same key are all rejected, since the correct one is unknown.
    """
    judged = [_row(row, received, template, known, this_year) for row in received.rows]
    keys: dict[tuple[Value, ...], list[int]] = {}
    for index, one in enumerate(judged):
        if not one.faults:
            keys.setdefault(tuple(one.values[name] for name in template.key), []).append(index)
    for same in [rows_of_key for rows_of_key in keys.values() if len(rows_of_key) > 1]:
        numbers = [judged[index].row.number for index in same]
        for index in same:
            others = ", ".join(str(number) for number in numbers if number != judged[index].row.number)
            says = f"has the same {', '.join(template.key)} as row {others}; leave one of them"
            one = judged[index]
            judged[index] = Judged(one.row, one.cells, {}, (Fault("", "repeated_key", says),))
    return judged


def _row(row: Row, received: Received, template: Template, known: Known, this_year: int) -> Judged:
    sent = dict(zip(received.header, row.cells, strict=False))
    cells = {name: _filled(name, sent, received.shared) for name in template.names}
    faults: list[Fault] = []
    if row.beyond or row.short:
        surplus = "fewer" if row.short else "more"
        says = f"has {surplus} fields than the header; quote a text that holds a separator or a line break"
        faults.append(Fault("", "wrong_fields", says))
    values: dict[str, Value] = {}
    for field in template.fields:
        fault, values[field.name] = _value(field, cells[field.name], known, this_year)
        faults += [fault] if fault else []
    if not faults:
        for rule in template.rules:
            faults += _by_rule(rule, values)
        if not faults:
            faults += _by_measure(values, known)
        if not faults and values.get("series") is not None:
            says = series_fault(str(values["source"]), str(values["series"]))
            faults += [Fault("series", "unknown_code", f"{values['series']} {says}")] if says else []
    return Judged(row, cells, {} if faults else values, tuple(faults))


def _filled(name: str, sent: Mapping[str, Cell], shared: Mapping[str, Cell]) -> Cell:
    own = sent.get(name, Cell())
    return shared.get(name, own) if not own.text and not own.fault else own


def _value(field: Field, cell: Cell, known: Known, this_year: int) -> tuple[Fault | None, Value]:
    """Return the fault of a cell, or its value."""
    column = field.column

    def fault(reason: str, says: str) -> tuple[Fault, None]:
        return Fault(field.name, reason, says), None

    if cell.fault:
        return fault("unreadable_cell", cell.fault)
    if cell.raised and column.type in ("float64", "int16"):
        return fault(
            "raised_text",
            f"has raised or lowered text: {cell.raised}; write the number alone, and the note in "
            f"source_detail",
        )
    if not cell.text:
        return (None, None) if column.nullable else fault("missing", "is missing and is required")
    if cell.kind == "date" and field.code != "date":
        return fault(
            "a_date",
            f"is a date ({cell.text}) to the spreadsheet; format the cell as text, and write it again",
        )
    if column.type == "float64":
        return _number(field.name, cell.text)
    if column.type == "int16":
        return _year(field, cell.text, this_year)
    if says := text_fault(cell.text, long=field.long, longest=field.longest):
        return fault("bad_text", says)
    if column.allowed and cell.text not in column.allowed:
        return fault("unknown_code", f"{cell.text} is not one of {', '.join(column.allowed)}")
    # The list is more specific than the pattern, so it is checked first.
    if field.code and (says := code_fault(field.code, cell.text, known)):
        return fault("unknown_code", f"{cell.text} {says}")
    if field.code == "area":
        return None, area_of(cell.text)
    if column.pattern and not re.match(column.pattern, cell.text):
        return fault("bad_form", f"{cell.text} is not of the form {column.pattern}. {column.description}")
    return None, cell.text


def _number(name: str, text: str) -> tuple[Fault | None, Value]:
    if not is_number(text):
        return Fault(name, "not_a_number", f"{text[:60]} is not {NUMBERS}"), None
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return Fault(name, "not_a_number", f"{text[:60]} is too large"), None
    if Decimal(repr(value)) != Decimal(text):
        return Fault(
            name, "not_a_number", f"{text[:60]} has more digits than can be kept; round it to 15"
        ), None
    return None, value


def _year(field: Field, text: str, this_year: int) -> tuple[Fault | None, Value]:
    first = int(field.column.minimum or 0)
    if not re.fullmatch(r"[0-9]{4}", text, re.ASCII) or not first <= int(text) <= this_year:
        return Fault(field.name, "not_a_year", f"{text[:60]} is not a year from {first} to {this_year}"), None
    return None, int(text)


def _by_measure(values: Mapping[str, Value], known: Known) -> Iterator[Fault]:
    """Check that an indicator's value has its unit and is in its range."""
    measure = known.measures.get(str(values.get("indicator")))
    value, unit = values.get("value"), values.get("unit")
    if measure is None or "ref_area" not in values:
        return
    if unit is not None and unit != measure.unit:
        says = f"{unit} is not the unit of {values['indicator']}; convert the value to {measure.unit}"
        yield Fault("unit", "other_unit", says)
        return
    if not isinstance(value, float):
        return
    if not measure.lowest <= value <= measure.highest:
        says = (
            f"{value:g} is outside {measure.lowest:g} to {measure.highest:g}, the possible values of "
            f"{values['indicator']}"
        )
        yield Fault("value", "out_of_range", says)
    elif measure.unit == "PT" and 0 < value < 1 and BELOW_ONE not in str(values.get("source_detail")).lower():
        says = (
            f"{value:g} per cent may be a share of 1: multiply it by 100. If it is less than one per cent, "
            f"say `{BELOW_ONE}` in source_detail"
        )
        yield Fault("value", "share_of_one", says)


def _by_rule(rule: Rule, values: Mapping[str, Value]) -> Iterator[Fault]:
    """Return one fault, at the first column of the rule that could fix it, if the row breaks the rule."""
    rule_values = [values[name] for name in rule.columns]
    filled = [value is not None for value in rule_values]
    match rule.check:
        case "any_of":
            broken = not any(filled)
        case "exactly_one_of":
            broken = filled.count(True) != 1
        case "together":
            broken = any(filled) and not all(filled)
        case "not_before":
            broken = all(filled) and int(str(rule_values[0])[:4]) < int(str(rule_values[1]))
        case "value_or_missing":
            broken = filled[0] == (rule_values[1] in MISSING_STATUSES)
        case "unit_of_metric":
            broken = filled[0] and rule_values[0] not in metric_units(str(rule_values[1]))
    if broken:
        yield Fault(_at(rule.columns, filled), "rule", rule.says + _more(rule, rule_values))


def _at(columns: Sequence[str], filled: Sequence[bool]) -> str:
    return next((name for name, there in zip(columns, filled, strict=True) if not there), columns[0])


def _more(rule: Rule, rule_values: Sequence[Value]) -> str:
    if rule.check != "unit_of_metric":
        return ""
    metric = str(rule_values[1])
    return f": for {metric} {', '.join(metric_units(metric)) or 'none, as it is disclosed in words'}"
