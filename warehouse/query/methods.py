"""`compact show --methods`: the results of all methods for one indicator and area.

Only DuckDB is used, as in warehouse/engine/read_only.py. The command line prints the result.
"""

from __future__ import annotations

from pathlib import Path

from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.errors import CompactError
from warehouse.query.areas import find_area
from warehouse.query.indicators import check_indicator
from warehouse.query.tables import Row, ask

# Of progress, the columns common to all methods; later columns are components.
COMMON = (
    "indicator", "ref_area", "method", "baseline_year", "baseline_value", "latest_year", "latest_value",
    "target_value", "target_year", "measure", "score", "category", "outlook", "reason", "note", "evidence",
    "agreement", "confidence",
)  # fmt: skip


def show_methods(folder: Path, indicator: str, area: str) -> list[Row]:
    """Return one row for each method, the default first: its result, its components (a dictionary) and its
    description. Empty if the area has no total value.
    """
    indicator = check_indicator(folder, indicator)
    code = find_area(folder, area).code
    if not (folder / "method.parquet").exists():
        raise CompactError(
            f"release {folder.name} is from before there were several methods",
            where=str(folder),
            next_step="make a new one with `compact run`",
        )
    rows = ask(
        folder,
        """
        select progress.*, method.title, method.edition, method.provisional,
            method.measure as measure_means, method.score as score_means
        from {progress} as progress
        join {method} as method using (method)
        where indicator = $indicator and ref_area = $area
        order by method <> $first, method""",
        indicator=indicator,
        area=code,
        first=DEFAULT_METHOD,
    )
    about = ("title", "edition", "provisional", "measure_means", "score_means")
    return [
        {name: row[name] for name in COMMON}
        | {
            "components": {
                name: value
                for name, value in row.items()
                if name not in COMMON and name not in about and value is not None
            }
        }
        | {name: row[name] for name in about}
        for row in rows
    ]
