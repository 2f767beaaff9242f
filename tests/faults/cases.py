"""The faults as data: the routes on which each can occur, its message, and the handling of the bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import StandIn
from tests.faults.bench import ITU_CSV, ITU_JSON, UNSD_CSV, UNSD_JSON, WORLDBANK, Way

PAGED, FILES = (WORLDBANK, UNSD_JSON), (UNSD_CSV, ITU_CSV)
EVERY = (*PAGED, ITU_JSON, *FILES)
FULL = os.environ.get("COMPACT_FAULTS") == "full"
SOME = EVERY if FULL else (WORLDBANK, ITU_CSV)  # a paged way and a file in CI
LOOK = "look at the kept bytes; the last accepted snapshot stays in use"
RUN_AGAIN = "run again: an agency that is in the middle of an update"
LOOK_UP = r"look (the series|it) up"


NO_ROWS = "has no rows: the agency .* or its answer is empty"
HEADER_ONLY = "the file has a header and no rows"
ERROR = {
    WORLDBANK: ("the agency refuses SP.POP.TOTL: The provided parameter value is not valid", LOOK_UP),
    UNSD_JSON: (NO_ROWS, LOOK_UP),
    UNSD_CSV: ("column 1 of the file is .*, and Goal belongs there", "COMPACT_ROUTE_UNSD_SDG=data"),
    ITU_JSON: (NO_ROWS, LOOK_UP),
    ITU_CSV: (r"column 1 of the file is '\[\]', and SeriesID belongs there", "the reader must learn"),
}
EMPTY = {
    WORLDBANK: (NO_ROWS, LOOK_UP),
    UNSD_JSON: (NO_ROWS, LOOK_UP),
    UNSD_CSV: (HEADER_ONLY, "COMPACT_ROUTE_UNSD_SDG=data"),
    ITU_JSON: (NO_ROWS, LOOK_UP),
    ITU_CSV: (HEADER_ONLY, RUN_AGAIN),
}
RENAMED = {
    WORLDBANK: (ERROR[WORLDBANK][0], "if it was renamed or withdrawn, change series.csv"),
    UNSD_JSON: (NO_ROWS, "if it was renamed or withdrawn, change series.csv"),
    UNSD_CSV: (HEADER_ONLY, "COMPACT_ROUTE_UNSD_SDG=data"),
    ITU_JSON: ("i99H was asked, and rows of ANOTHER_NAME came", "write the new code in series.csv"),
    ITU_CSV: ("no rows of HHU781SF1_HHTotalIndividual .* came", "write the new code in series.csv"),
}
CONFLICT = (
    r"conflicting_key: \d+ rows of snapshot \w{12}: other values have this key too",
    "look which dimension tells the rows apart",
    "held",
)
TWICE = ("appears twice among the", RUN_AGAIN)
DUPLICATE = {
    WORLDBANK: CONFLICT,
    UNSD_JSON: CONFLICT,
    UNSD_CSV: CONFLICT,
    ITU_JSON: TWICE,
    ITU_CSV: TWICE,
}


WORDS = {
    "truncate": "an answer is cut off",
    "wrong_length": "Content-Length lies",
    "html": "a web page in place of data",
    "bad_utf8": "bytes that are no UTF-8",
    "rename_area": "an area that nobody knows",
    "rename_series": "a series renamed at the agency",
    "duplicate_key": "two values for one cell",
    "agency_error": "the agency's error with code 200",
    "empty": "an answer without rows",
    "duplicate_page": "a page twice",
    "missing_page": "a page is empty",
    "shrink": "totals shrink between two pages",
    "swap_columns_header": "column names swapped",
    "swap_columns_order": "columns in another order",
}


@dataclass(frozen=True)
class Case:
    """A fault on one way. what, next_step: patterns of the message; event: what becomes of the bytes."""

    kind: str
    way: Way
    what: str
    next_step: str
    event: str = "refused"
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name or self.kind}-{self.way}"

    @property
    def words(self) -> str:
        return WORDS[self.name or self.kind]

    def inject(self, agency: StandIn) -> None:
        given = {"source": self.way.source, "kind": self.kind, "path": self.way.asks, "times": 0}
        agency.fault(**given | self.options)


def _cases() -> Iterator[Case]:
    for way in EVERY:
        old, other = way.areas
        yield Case("truncate", way, r"the body was cut off: \d+ bytes came, of the \d+", LOOK)
        yield Case("wrong_length", way, r"more bytes came than the \d+ that Content-Length declares", LOOK)
        yield Case("html", way, "is a web page or XML, not .*Just a moment", "open the address in a browser")
        yield Case("bad_utf8", way, r"is not UTF-8: byte \d+ is 0xff", LOOK)
        yield Case(
            "rename_area",
            way,
            r"unknown_area: \d+ rows of snapshot \w{12}: area X9X .* is in no list",
            r"add the code to areas\.aliases or areas\.not_carried",
            "held",
            options={"from": old, "to": "X9X"},
        )
        yield Case("rename_series", way, *RENAMED[way], options={"from": way.series, "to": "ANOTHER_NAME"})
        yield Case(
            "rename_area", way, *DUPLICATE[way], name="duplicate_key", options={"from": old, "to": other}
        )
        yield Case("agency_error", way, *ERROR[way])
        yield Case("empty", way, *EMPTY[way])
    for way in PAGED:
        name = re.escape(way.series)
        second = {"nth": 2}
        yield Case(
            "duplicate_page", way, f"page 2 of {name} repeats the rows of page 1", RUN_AGAIN, options=second
        )
        yield Case(
            "missing_page",
            way,
            rf"page 2 of {name} has 0 rows, and \d+ were declared",
            RUN_AGAIN,
            options=second,
        )
        yield Case(
            "shrink",
            way,
            f"the totals of {name} changed between page 1 and page 2",
            RUN_AGAIN,
            options=second,
        )
    for way, column, expected in ((UNSD_CSV, 8, "TimePeriod"), (ITU_CSV, 6, "Year")):
        for mode in ("header", "order"):
            yield Case(
                "swap_columns",
                way,
                f"column {column} of the file is 'Value', and {expected} belongs there",
                "the reader must learn the new columns",
                name=f"swap_columns_{mode}",
                options={"mode": mode},
            )


CASES = tuple(_cases())
# Every second case in CI, all of them in `make faults`; FIRST has each kind of fault once in any case.
LATER = CASES if FULL else CASES[::2]
# One way for each fault, for runs in which nothing was ever accepted.
FIRST = tuple(
    next(case for case in sorted(CASES, key=lambda case: case.way.source) if str(case).startswith(name + "-"))
    for name in dict.fromkeys(case.name or case.kind for case in CASES)
)
# Cases after which the next good run is made too: in CI one for each way and fate of the bytes.
RECOVERED = frozenset(
    map(str, LATER if FULL else {(case.way, case.event): case for case in reversed(LATER)}.values())
)
