"""The declared layout of an SDMX dataflow, and the library's reader of SDMX-CSV 2 configured for it.

sdmx1 reads the rows, because it returns every value as the agency's text. (pysdmx 1.21 reads them through
pandas, which converts the code 010 to 10, and cannot be installed with this pyarrow.) It reads some 7,000
rows a second: enough for series that are requested one by one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.definitions.source import Source
from schemas.errors import CompactError

FIRST = ("STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION")


@dataclass(frozen=True)
class Flow:
    """One of options.flows. path: below the base address; dataflow: agency,id,version (nothing after the
    comma: the latest); dimensions in the order of the key; area and unit: the dimensions for these;
    footnotes: attributes that belong to the value, such as the base period.
    """

    path: str
    dataflow: str
    dimensions: tuple[str, ...]
    attributes: tuple[str, ...]
    area: str
    unit: str
    footnotes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.dimensions, "TIME_PERIOD", "OBS_VALUE", *self.attributes)


@dataclass(frozen=True)
class Observation:
    """One row: the codes of its dimensions (including TIME_PERIOD), its value as text, its attributes."""

    codes: dict[str, str]
    value: str
    attributes: dict[str, str]


@dataclass(frozen=True)
class Message:
    """A parsed file. structure: dataflow and version as the agency names them."""

    structure: str
    observations: list[Observation]


class NotAsAgreed(Exception):
    """The file does not match the layout. what and allowed, for the reader's InvalidResponse."""

    def __init__(self, what: str, allowed: str = "") -> None:
        super().__init__(what)
        self.what, self.allowed = what, allowed


def flow_of(source: Source, name: str) -> Flow:
    """Return the declared flow of that name."""
    flows: dict[str, dict[str, Any]] = source.options["flows"]
    if name not in flows:
        raise CompactError(
            f"{source.id} has no flow {name!r}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(flows),
            next_step="name a flow of options.flows in source.yaml",
        )
    declared = flows[name]
    flow = Flow(
        declared.get("path", ""),
        declared["dataflow"],
        tuple(declared["dimensions"]),
        tuple(declared["attributes"]),
        declared["area"],
        declared["unit"],
        tuple(declared.get("footnotes", ())),
    )
    unknown = {flow.area, flow.unit, *flow.footnotes} - {*flow.dimensions, *flow.attributes}
    if unknown:
        raise CompactError(
            f"flow {name} uses {', '.join(sorted(unknown))}, which it does not declare",
            where=f"sources/agencies/{source.id}/source.yaml",
            allowed=", ".join(flow.columns),
            next_step="fix options.flows",
        )
    return flow


def read_message(text: str, flow: Flow) -> Message:
    """Return the observations of a file with labels, or raise NotAsAgreed.

    The labels are not read: they vary, and some contain zero-width characters.
    """
    from sdmx.model import v30
    from sdmx.reader.csv import Reader

    class Strict(Reader):
        """The library's reader, adapted to OECD's files: they use DATAFLOW instead of the standard's
        dataflow, and end in blank lines. It also rejects short rows, which the library would pad.
        """

        structures: set[tuple[str, ...]]

        def inspect_header(self, header: list[str]) -> None:
            self.structures = set()
            _check_header(header, flow)
            super().inspect_header(header)

        def handle_row(self, row: list[str]) -> None:
            if not row:
                return
            if len(row) != len(self.handlers):
                raise NotAsAgreed(
                    f"row {row[:6]} has {len(row)} columns", f"{len(self.handlers)} columns, as the header"
                )
            self.structures.add((row[1], row[3]))
            super().handle_row([row[0].lower(), *row[1:]])

    text = _without_empty_columns(text, flow)
    structure = v30.DataStructureDefinition(id="DECLARED")
    for name in (*flow.dimensions, "TIME_PERIOD"):
        structure.dimensions.append(v30.Dimension(id=name))
    structure.measures.append(v30.Measure(id="OBS_VALUE"))
    for name in flow.attributes:
        structure.attributes.append(v30.DataAttribute(id=name))
    reader = Strict()
    try:
        message = reader.convert(io.BytesIO(text.encode()), structure=structure)
    except (AssertionError, ValueError, KeyError, StopIteration, csv.Error) as error:
        raise NotAsAgreed(f"sdmx1 cannot read the file: {error!r:.200}", "SDMX-CSV 2.0 with labels") from None
    observations = [
        Observation(
            {name: str(key.value) for name, key in one.dimension.values.items()},
            str(one.value),
            {name: str(attribute.value) for name, attribute in one.attached_attribute.items()},
        )
        for data in message.data
        for one in data.obs
    ]
    return Message(_structure(reader.structures, flow), observations)


def _without_empty_columns(text: str, flow: Flow) -> str:
    """Return the file without empty undeclared columns.

    An attribute that the agency adds has no meaning while it is empty, and must be declared once it is
    filled.
    """
    header = next(csv.reader([text.removeprefix("\ufeff").partition("\n")[0].rstrip("\r")]), [])
    extra = [at for at in range(4, len(header), 2) if header[at] not in flow.columns]
    if not extra or not set(flow.columns) <= set(header):
        return text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    said = {header[at]: row[at] for row in rows[1:] for at in extra if at < len(row) and row[at].strip()}
    if said:
        raise NotAsAgreed(
            f"columns that are not declared hold something: "
            f"{', '.join(f'{name} {value[:40]!r}' for name, value in said.items())}",
            ", ".join(flow.columns),
        )
    left_out = {*extra, *(at + 1 for at in extra)}
    out = io.StringIO(newline="")
    kept = ([field for at, field in enumerate(row) if at not in left_out] for row in rows)
    csv.writer(out, lineterminator="\n").writerows(kept)
    return out.getvalue()


def _check_header(header: Sequence[str], flow: Flow) -> None:
    """Check the declared columns in their order; a label follows each component."""
    codes, expected = (*header[:4], *header[4::2]), (*FIRST, *flow.columns)
    if codes == expected and len(header) == 4 + 2 * len(flow.columns):
        return
    place = next(
        (i for i, (a, b) in enumerate(zip(codes, expected, strict=False)) if a != b),
        min(len(codes), len(expected)),
    )
    actual = repr(codes[place]) if place < len(codes) else "missing"
    belongs = expected[place] if place < len(expected) else "nothing"
    raise NotAsAgreed(
        f"component {place + 1} of the header is {actual}, and {belongs} belongs there", ", ".join(expected)
    )


def _structure(structures: set[tuple[str, ...]], flow: Flow) -> str:
    """Check that all rows are of the requested dataflow and are information, not deletions."""
    agency, name, *version = flow.dataflow.split(",")
    named = f"{agency}:{name}({','.join(version)}" if any(version) else f"{agency}:{name}("
    if not structures:
        raise NotAsAgreed("the file has a header and no rows", "at least one row")
    if len(structures) > 1 or not all(one[0].startswith(named) and one[1] == "I" for one in structures):
        raise NotAsAgreed(
            f"the rows are of {', '.join(' '.join(one) for one in sorted(structures))}", f"{named}...) I"
        )
    return next(iter(structures))[0]
