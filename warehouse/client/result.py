"""The result of a query: rows that convert lazily to Arrow, pandas, CSV or Parquet.

It computes nothing. The method that returns Arrow or pandas imports it.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.display import counted
from schemas.errors import CompactError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

Row = dict[str, Any]
Answer = tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]
SHOWN = 20  # rows of a notebook's table


class Result:
    """Rows in a fixed order of columns; a sequence of dictionaries to iterate over.

    Args:
        run: runs the query; called once for rows, and again for Arrow.
        fetch: a cheaper way to column names and records, if there is one.
    """

    def __init__(
        self, run: Callable[[], duckdb.DuckDBPyRelation], fetch: Callable[[], Answer] | None = None
    ) -> None:
        self._run = run
        self._fetch = fetch

    @cached_property
    def _answer(self) -> Answer:
        if self._fetch is not None:
            return self._fetch()
        relation = self._run()
        return tuple(relation.columns), relation.fetchall()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._answer[0]

    @property
    def rows(self) -> list[Row]:
        """Rows as dictionaries."""
        return list(self)

    def __len__(self) -> int:
        return len(self._answer[1])

    def __iter__(self) -> Iterator[Row]:
        for record in self._answer[1]:
            yield dict(zip(self.columns, record, strict=True))

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table: a column has its type even without rows."""
        table: pa.Table = self._run().to_arrow_table()
        return table

    def pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame with Arrow types: missing is `<NA>`, and integers stay integers."""
        import pandas as pd

        frame: pd.DataFrame = self.arrow().to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def csv(self, *, bom: bool = False) -> str:
        """Return the rows as CSV in full precision; a text that a spreadsheet would execute gets an
        apostrophe.

        Args:
            bom: start with a byte order mark, by which Excel detects UTF-8.
        """
        from sources.contributions.cells import neutral

        text = io.StringIO()
        text.write("\ufeff" if bom else "")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for record in self._answer[1]:
            writer.writerow([neutral(value) if isinstance(value, str) else value for value in record])
        return text.getvalue()

    def write(self, path: str | Path, *, bom: bool = False) -> Path:
        """Write the rows to a file, in the format of its suffix.

        Args:
            path: a name that ends with .csv or .parquet (compressed with zstd).
            bom: start a CSV with a byte order mark.

        Raises:
            CompactError: the suffix is neither.
        """
        target = Path(path)
        if target.suffix == ".csv":
            target.write_text(self.csv(bom=bom), encoding="utf-8", newline="")
        elif target.suffix == ".parquet":
            import pyarrow.parquet as pq

            pq.write_table(self.arrow(), target, compression="zstd")
        else:
            raise CompactError(
                f"{target.name}: the format is not known",
                where=str(target),
                allowed="a name that ends with .csv or .parquet",
            )
        return target

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'row')}: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks: the first rows, and the number of rows."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in record) + "</tr>"
            for record in self._answer[1][:SHOWN]
        )
        more = f"<p>{len(self):,} rows; the first {SHOWN} are shown.</p>" if len(self) > SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
