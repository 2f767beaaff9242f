"""The SQL of an evaluation: computes rows of `indicator` from the inputs of one definition.

Rules * Inputs are in order of preference. For each cell (area, year, dimensions) the first input with a value
  wins, and the row says which source, series and snapshot that was. A value that is missing never counts as
  zero. Which inputs may stand side by side in one area is said by lineage.py.
* A dimension that is not among the indicator's `gaps` must be the total `_T`. An input's `where` pins a
  dimension to one code, which from there on counts as the total. An input's `part` says that the series is of
  one part alone: its totals are rows of that part. Education and disability have no column of their own in
  `indicator`: where they are among the gaps they stand in other_dims as EDUCATION=code and
  DISABILITY_STATUS=code.
* Several named inputs are joined on the cell; where one of them is missing the formula has no value, unless
  it says what then holds (coalesce). The row's sources, series and snapshots are those of its inputs, sorted
  and joined by ';', and its obs_status is the worst of them in the order of STATUS_ORDER.
* A formula that looks at other years or countries (lag, moving_average, rebased, recent, share_of_group)
  is in windows.py: exact years, no gap bridged, no break crossed.
* Bounds are carried for a plain series only: how they pass through a formula is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from indicators.formula.parser import formula_frames, formula_sql
from schemas.columns.observation import OBS_STATUSES
from schemas.definitions.indicator import Indicator, Input
from schemas.errors import CompactError
from warehouse.engine.duckdb_engine import literal, parquet
from warehouse.evaluation.lineage import Line, classified_sql, line_of, needs_choice
from warehouse.evaluation.windows import extra_columns, joins, lineage, members, windows, worst_status

DIMENSIONS = ("sex", "age", "urbanisation", "quantile", "education", "other_dims")
CELL = ("ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "other_dims")
LINEAGE = ("source", "series", "snapshot")
# From best to worst: normal, estimated, others, and last a value known only by a bound.
STATUS_ORDER = ("A", "E", *(s for s in OBS_STATUSES if s not in ("A", "E", "C")), "C")


def evaluation_sql(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> str:
    """Return the select for the rows of an indicator. complete: all inputs are available, so a missing
    value comes from the formula.
    """
    names, inputs = list(indicator.named_inputs()), _inputs_sql(indicator, staged, evaluated)
    if names == ["value"] and indicator.formula.strip() == "value":
        body = f"select {literal(indicator.id)} as indicator, *, true as complete\nfrom value"
    else:
        inputs.append(f"joined as (\n{_joined(names)}\n)")
        body = _computed(indicator, names)
        inputs += members(formula_frames(indicator.formula, names))
    return "with\n" + ",\n".join(inputs) + "\n" + body


def cells_sql(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> str:
    """Return the tables that a formula reads: one for each input, `joined`, and the members of each
    grouping, to be followed by a select.
    """
    names = list(indicator.named_inputs())
    tables = [*_inputs_sql(indicator, staged, evaluated), f"joined as (\n{_joined(names)}\n)"]
    return "with\n" + ",\n".join([*tables, *members(formula_frames(indicator.formula, names))]) + "\n"


def _inputs_sql(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> list[str]:
    return [
        f"{_quoted(name)} as (\n{_preferred(indicator, items, staged, evaluated)}\n)"
        for name, items in indicator.named_inputs().items()
    ]


def _computed(indicator: Indicator, names: list[str]) -> str:
    """Return the formula over the joined inputs; with windows if it reads other years or countries."""
    frames = formula_frames(indicator.formula, names)
    left_out = [*map(_quoted, names), *extra_columns(frames)]
    own = ""
    if frames:
        order = "[" + ", ".join(map(literal, STATUS_ORDER)) + "]"
        left_out += [*LINEAGE, "obs_status"]
        together = [f"{lineage(column, frames)} as {column}" for column in LINEAGE]
        own = ",\n    " + ",\n    ".join([*together, f"{worst_status(order, frames)} as obs_status"])
    return (
        f"select {literal(indicator.id)} as indicator, * exclude ({', '.join(left_out)}),\n"
        f"    cast({formula_sql(indicator.formula, names)} as double) as value,\n"
        f"    cast(null as double) as lower_bound, cast(null as double) as upper_bound{own}\n"
        f"from joined{joins(frames)}{windows(frames, indicator) if frames else ''}"
    )


def _preferred(
    indicator: Indicator, items: list[Input], staged: Mapping[str, Path], evaluated: Mapping[str, Path]
) -> str:
    """Select the first input with a value, cell by cell, among those of the area's lineage."""
    rows, lines = input_rows(indicator, items, staged, evaluated)
    best = f"partition by {', '.join(CELL)} order by preference"
    if not needs_choice([line for _, line in lines]):
        return f"select * exclude (preference)\nfrom (\n{rows}\n)\nqualify row_number() over ({best}) = 1"
    chosen = "carries, concept, leading_carries, leading_concept, kept_out"
    return (
        f"select * exclude (preference, {chosen})\nfrom ({classified_sql(rows, lines)}\n)\n"
        f"where kept_out is null\nqualify row_number() over ({best}) = 1"
    )


def input_rows(
    indicator: Indicator, items: list[Input], staged: Mapping[str, Path], evaluated: Mapping[str, Path]
) -> tuple[str, list[tuple[int, Line]]]:
    """Return the rows of all available inputs of one name, and the lineage of each by its preference."""
    there = [(rank, item) for rank, item in enumerate(items) if item.indicator or item.source in staged]
    selects = [rows_of(indicator, rank, item, staged, evaluated) for rank, item in there] or [_nothing()]
    return "\nunion all by name\n".join(selects), [(rank, line_of(indicator, item)) for rank, item in there]


def rows_of(
    indicator: Indicator, rank: int, item: Input, staged: Mapping[str, Path], evaluated: Mapping[str, Path]
) -> str:
    """Return the rows of one input, in the indicator's unit; rank: its place in the order of preference."""
    if item.indicator:
        table = f"({_as_observations(evaluated_path(item, evaluated))})"
    else:
        table = parquet(staged[item.source or ""])
    factor = input_factor(item)
    lower, upper = ("lower_bound", "upper_bound") if item.scale >= 0 else ("upper_bound", "lower_bound")
    return f"""select {rank} as preference, ref_area, time_period,
    {_dimensions(indicator, item)},
    obs_value * {factor} as value,
    {lower} * {factor} as lower_bound,
    {upper} * {factor} as upper_bound,
    obs_status, source, series, snapshot, footnote
from {table}
where {input_filter(indicator, item)}"""


def input_factor(item: Input) -> str:
    """Return the factor that converts a staged value of an input to the indicator's unit."""
    return f"power(10.0::double, unit_mult) * {item.scale!r}::double"


def input_filter(indicator: Indicator, item: Input) -> str:
    """Return the filter of an input's rows: its series, its pins, totals otherwise, and never a missing
    value.
    """
    terms = (
        []
        if item.indicator
        else [f"source = {literal(item.source or '')}", f"series = {literal(item.series or '')}"]
    )
    for name in DIMENSIONS:
        if name in item.where:
            terms.append(f"{name} = {literal(item.where[name])}")
        elif name == "other_dims" and "disability" in indicator.gaps and "disability" not in item.part:
            terms.append(f"({name} = '_T' or regexp_matches({name}, '^DISABILITY_STATUS=[^;]+$'))")
        elif name not in indicator.gaps or name in item.part:
            terms.append(f"{name} = '_T'")
    return "\n    and ".join([*terms, "obs_value is not null", "not isnan(obs_value)"])


def _dimensions(indicator: Indicator, item: Input) -> str:
    """Return the cell's dimensions: a pinned one counts as the total, a part has that part's code."""

    def code(name: str) -> str:
        if name in item.part:
            return literal(item.part[name])
        return name if name in indicator.gaps and name not in item.where else "'_T'"

    columns = [f"{code(name)} as {name}" for name in ("sex", "age", "urbanisation", "quantile")]
    others = {"EDUCATION": code("education")}
    if "disability" in item.part:
        others["DISABILITY_STATUS"] = code("disability")
    elif "disability" in indicator.gaps and "other_dims" not in item.where:
        status = "split_part(other_dims, '=', 2)"  # for the one key that the filter accepts
        others["DISABILITY_STATUS"] = f"case when other_dims = '_T' then '_T' else {status} end"
    keyed = [
        f"case when {value} = '_T' then null else '{key}=' || {value} end"
        for key, value in sorted(others.items())
        if value != "'_T'"
    ]
    other = f"coalesce(nullif(concat_ws(';', {', '.join(keyed)}), ''), '_T')" if keyed else "'_T'"
    return ", ".join([*columns, f"{other} as other_dims"])


def _as_observations(path: Path) -> str:
    """Return an evaluated indicator in the columns of observation, so that it serves as an input like a
    series.
    """
    return f"""
    select * exclude (value, other_dims), value as obs_value, 0 as unit_mult,
        coalesce(nullif(regexp_extract(other_dims, '(?:^|;)EDUCATION=([^;]+)', 1), ''), '_T') as education,
        coalesce(nullif(trim(regexp_replace(other_dims, '(^|;)EDUCATION=[^;]+', ''), ';'), ''), '_T')
            as other_dims
    from {parquet(path)}
"""


def _nothing() -> str:
    """Return no rows, in the right columns, if no input is available."""
    texts = (*CELL[2:], "obs_status", *LINEAGE, "footnote")
    numbers = ("value", "lower_bound", "upper_bound")
    return (
        "select 0 as preference, ''::varchar as ref_area, 0::smallint as time_period, "
        + ", ".join(
            [*(f"''::varchar as {name}" for name in texts), *(f"0::double as {name}" for name in numbers)]
        )
        + "\nwhere false"
    )


def _joined(names: list[str]) -> str:
    """Join the named inputs: a row for each cell that one of them has. complete: all have it."""
    tables = [_quoted(name) for name in names]
    order = "[" + ", ".join(map(literal, STATUS_ORDER)) + "]"
    worst = ", ".join(f"list_position({order}, {table}.obs_status)" for table in tables)
    footnotes = ", ".join(f"{table}.footnote" for table in tables)
    columns = [
        *CELL,
        *(f"{table}.value as {table}" for table in tables),
        *(f"{_together(column, tables)} as {column}" for column in LINEAGE),
        f"{order}[greatest({worst})] as obs_status",
        f"nullif(array_to_string(list_sort(list_distinct([{footnotes}])), ' | '), '') as footnote",
        " and ".join(f"{table}.value is not null" for table in tables) + " as complete",
    ]
    joins = "".join(f"\nfull join {table} using ({', '.join(CELL)})" for table in tables[1:])
    return "select " + ",\n    ".join(columns) + f"\nfrom {tables[0]}{joins}"


def _together(column: str, tables: list[str]) -> str:
    """Combine the codes of a column in all inputs, each once, sorted and joined by ';'."""
    lists = ", ".join(f"string_split({table}.{column}, ';')" for table in tables)
    return f"array_to_string(list_sort(list_distinct(flatten([{lists}]))), ';')"


def _quoted(name: str) -> str:
    return f'"{name}"'


def evaluated_path(item: Input, evaluated: Mapping[str, Path]) -> Path:
    """Return the file of an indicator that is an input."""
    try:
        return evaluated[item.indicator or ""]
    except KeyError:
        raise CompactError(
            f"indicator {item.indicator} is an input and has not been evaluated before",
            allowed=", ".join(sorted(evaluated)) or "none yet",
            next_step="evaluate the indicators in the order of their inputs",
        ) from None
