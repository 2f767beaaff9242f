"""Detects formatting of a workbook's cells that changes the meaning of their values: raised and lowered text,
percentages, hidden rows and columns.

Reads the XML parts of an .xlsx that the caller has checked (no DTD, bounded sizes). The readers decide how to
handle a finding. python-calamine, which reads the values, has no formats, and openpyxl takes a hundred times
as long for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from posixpath import join, normpath
from xml.etree import ElementTree

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
RAISED = ("superscript", "subscript")
BUILT_IN_PERCENT = frozenset((9, 10))  # ECMA-376, 18.8.30: 0% and 0.00%
QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')  # parts of a format code that are text
PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class CellFormats:
    """Formats of one sheet. raised: cells with raised or lowered text, and the text with those parts in
    brackets; percent: cells with a number shown as a percentage; hidden rows and columns, from 0.
    """

    raised: Mapping[Place, str] = field(default_factory=dict)
    percent: frozenset[Place] = frozenset()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()


def cell_formats(parts: Mapping[str, bytes], sheet: str) -> CellFormats:
    """Return the formats of a sheet.

    Args:
        parts: the parts of the workbook by name.
        sheet: the part of the sheet, such as xl/worksheets/sheet1.xml.
    """
    percent_styles, raised_styles = _styles(parts.get("xl/styles.xml", b""))
    shared = _shared(parts.get("xl/sharedStrings.xml", b""))
    raised: dict[Place, str] = {}
    percent: set[Place] = set()
    rows: list[int] = []
    columns: list[int] = []
    row = column = -1
    for _, node in ElementTree.iterparse(BytesIO(parts[sheet]), events=("end",)):  # noqa: S314 - no DTD, see above
        tag = _tag(node)
        if tag == "col" and node.get("hidden") in ("1", "true"):
            columns += range(int(node.get("min", "1")) - 1, min(int(node.get("max", "1")), 16_384))
        elif tag == "c":
            row, column = _place(node.get("r"), row, column)
            style, kind = int(node.get("s", "0")), node.get("t", "n")
            text = _cell_text(node, kind, shared, style in raised_styles)
            if text:
                raised[row, column] = text
            if kind == "n" and style in percent_styles and _value(node):
                percent.add((row, column))
        elif tag == "row":
            number = int(node.get("r", row + 1)) - 1
            if node.get("hidden") in ("1", "true"):
                rows.append(number)
            row, column = number + 1, -1
            node.clear()
    return CellFormats(raised, frozenset(percent), tuple(rows), tuple(columns))


def sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name. Raises KeyError or ParseError if the workbook's
    list of sheets is unreadable.
    """
    book = ElementTree.fromstring(parts["xl/workbook.xml"])  # noqa: S314 - no DTD, see above
    relations = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])  # noqa: S314 - no DTD, see above
    targets = {node.get("Id"): node.get("Target", "") for node in relations}
    names = {node.get("name", ""): targets.get(node.get(RELATION), "") for node in book.iter(SHEET)}
    return {name: normpath(join("/xl", target)).lstrip("/") for name, target in names.items()}


def cell_name(place: Place) -> str:
    """Return the name of a cell: B3 for row 2 and column 1."""
    row, column = place[0] + 1, place[1] + 1
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def ranges(numbers: tuple[int, ...], columns: bool = False) -> str:
    """Format numbers from 0 as ranges: 1-3, 7 for rows, A-C for columns."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])

    def name(number: int) -> str:
        return re.sub(r"[0-9]", "", cell_name((0, number))) if columns else str(number + 1)

    return ", ".join(name(a) if a == b else f"{name(a)}-{name(b)}" for a, b in runs)


def _place(reference: str | None, row: int, column: int) -> Place:
    """Return the declared place of a cell; without one it follows the previous cell of its row."""
    match = PLACE.fullmatch(reference or "")
    if match is None:
        return max(row, 0), column + 1
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return int(match[2]) - 1, number - 1


def _cell_text(node: ElementTree.Element, kind: str, shared: list[str], whole: bool) -> str:
    """Return the text of a cell with its raised parts in brackets; empty if it has none."""
    if kind == "s":
        value = _value(node)
        text = shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
        return text or (f"[{value}]" if whole and value else "")
    if kind == "inlineStr":
        inside = next((child for child in node if _tag(child) == "is"), None)
        text = _marked(inside) if inside is not None else ""
        return text or ("[text]" if whole else "")
    return f"[{_value(node)}]" if whole and _value(node) else ""


def _value(node: ElementTree.Element) -> str:
    return next(((child.text or "").strip() for child in node if _tag(child) == "v"), "")


def _shared(part: bytes) -> list[str]:
    """Return each shared text with its raised parts in brackets; empty if it has none."""
    if not part:
        return []
    return [_marked(node) for _, node in _iterate(part, "si")]


def _marked(item: ElementTree.Element) -> str:
    runs = [(_text(run), _is_raised(run)) for run in item if _tag(run) == "r"]
    if not any(raised and text.strip() for text, raised in runs):
        return ""
    return "".join(f"[{text}]" if raised else text for text, raised in runs)


def _text(run: ElementTree.Element) -> str:
    return "".join(child.text or "" for child in run if _tag(child) == "t")


def _is_raised(run: ElementTree.Element) -> bool:
    return any(_tag(node) == "vertAlign" and node.get("val") in RAISED for node in run.iter())


def _styles(part: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return the cell styles that show a number as a percentage, and those that raise or lower a whole
    text.
    """
    if not part:
        return frozenset(), frozenset()
    root = ElementTree.fromstring(part)  # noqa: S314 - no DTD, see above
    codes: dict[int, str] = {}
    fonts: list[bool] = []
    formats: list[tuple[int, int]] = []
    for section in root:
        tag = _tag(section)
        if tag == "numFmts":
            codes |= {int(node.get("numFmtId", "0")): node.get("formatCode", "") for node in section}
        elif tag == "fonts":
            fonts = [_is_raised(node) for node in section]
        elif tag == "cellXfs":
            formats = [(int(x.get("numFmtId", "0")), int(x.get("fontId", "0"))) for x in section]
    percent = frozenset(
        place
        for place, (number, _) in enumerate(formats)
        if number in BUILT_IN_PERCENT or "%" in QUOTED.sub("", codes.get(number, ""))
    )
    return percent, frozenset(i for i, (_, font) in enumerate(formats) if font < len(fonts) and fonts[font])


def _iterate(part: bytes, tag: str) -> Iterator[tuple[str, ElementTree.Element]]:
    for event, node in ElementTree.iterparse(BytesIO(part), events=("end",)):  # noqa: S314 - no DTD, see above
        if _tag(node) == tag:
            yield event, node
            node.clear()


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
