"""The SQL of one value: the candidate observations of an indicator's inputs for one cell, and the formula
over the selected ones.

It is equivalent to warehouse/evaluation/sql.py, which computes all cells at once, but reads only the tables
of a release, so that anyone can run it there: `duckdb warehouse.duckdb`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

from schemas.columns.observation import VALUE_DIMENSIONS

Item = Mapping[str, Any]
Cell = Mapping[str, Any]

IN_OTHER_DIMS = {"education": "EDUCATION", "disability": "DISABILITY_STATUS"}  # dimensions without a column


def candidate_sql(item: Item, cell: Cell, rank: int) -> str:
    """Return SQL for the rows that one input has for the cell, in the indicator's unit."""
    scale = float(item.get("scale", 1.0))
    if "indicator" in item:
        terms = [f"indicator = {text(item['indicator'])}", *_where(item, cell, "other_dims")]
        columns = f"select {rank} as preference, value * {scale!r}::double as value"
        return f"{columns}\nfrom indicator\nwhere " + "\n    and ".join(terms)
    terms = [f"source = {text(item['source'])}", f"series = {text(item['series'])}", *_where(item, cell)]
    terms.append("obs_value is not null")
    number = f"obs_value * power(10.0::double, unit_mult) * {scale!r}::double"
    columns = f"select {rank} as preference, {number} as value"
    return f"{columns}\nfrom observation\nwhere " + "\n    and ".join(terms)


def dimension_terms(item: Item, dimensions: Cell, education: str = "education") -> list[str]:
    """Return the conditions on the dimensions only, for many areas and years at once."""
    terms = _where(item, {**dimensions, "ref_area": "", "time_period": 0}, education)
    return [term for term in terms if not term.startswith(("ref_area = ", "time_period = "))]


def _where(item: Item, cell: Cell, education: str = "education") -> list[str]:
    """Return the cell's key, with the input's pins instead of the total, and the total instead of the
    series' breakdown. Education is in the cell's other_dims.
    """
    pins: Mapping[str, str] = item.get("where", {})
    codes = {name: cell[name] for name in VALUE_DIMENSIONS if name != "other_dims"}
    level = str(cell["other_dims"])
    others = dict(pair.split("=", 1) for pair in level.split(";")) if level != "_T" else {}
    for name, code in item.get("part", {}).items():
        key = IN_OTHER_DIMS.get(name)
        if (others.pop(key, "_T") if key else codes[name]) != code:
            return ["false -- the series covers one breakdown alone, and this is another"]
        if key is None:
            codes[name] = "_T"
    if education == "education":
        codes["education"] = others.pop("EDUCATION", "_T")
    codes["other_dims"] = ";".join(f"{key}={code}" for key, code in others.items()) or "_T"
    if any(name in pins and codes.get(name, "_T") != "_T" for name in pins):
        return ["false -- the input is pinned to one code, which counts as the total"]
    codes |= pins
    return [
        f"ref_area = {text(cell['ref_area'])}",
        f"time_period = {int(cell['time_period'])}",
        *(f"{name} = {text(code)}" for name, code in codes.items()),
    ]


def other_years(year: int, back: Sequence[int], only: Sequence[int]) -> list[int]:
    """Return the other years that a formula reads: offsets back, and fixed years."""
    return sorted({*(year - by for by in back), *only} - {year}, reverse=True)


def value_sql(
    inputs: Mapping[int, Mapping[str, Sequence[Item]]],
    formula: str,
    cells: Mapping[int, Cell],
    back: Sequence[int] = (),
) -> str:
    """Return the whole statement.

    Args:
        inputs: the candidates of each input, by year, the explained year first.
        formula: canonical SQL over the names of the inputs.
        cells: the key of the cell, by year.
        back: the offsets of the windows that the formula names.
    """
    year = next(iter(cells))
    alone = len(cells) == 1
    parts, joined = [], []
    for at, named in inputs.items():
        labels = {name: name if alone else f"{name} {at}" for name in named}
        parts += [_chosen(labels[name], items, cells[at]) for name, items in named.items()]
        numbers = ", ".join(f'(select value from "{label}") as "{name}"' for name, label in labels.items())
        joined.append(f"select {at} as time_period, {numbers}")
    parts.append("joined as (\n" + indent("\nunion all\n".join(joined), "    ") + "\n)")
    frames = [
        f"back_{by} as (order by time_period range between {by} preceding and {by} preceding)" for by in back
    ]
    window = "" if alone else "\nwindow " + ",\n    ".join([*frames, "series as (partition by true)"])
    this = "" if alone else f"\nqualify time_period = {year}"
    return "with\n" + ",\n".join(parts) + f"\nselect {formula} as value\nfrom joined{window}{this}"


def _chosen(label: str, items: Sequence[Item], cell: Cell) -> str:
    """Select the first input with a value."""
    choices = [candidate_sql(item, cell, rank) for rank, item in enumerate(items)]
    union = indent("\nunion all\n".join(choices), "        ")
    return (
        f'"{label}" as (\n    select value\n    from (\n{union}\n    )\n'
        "    order by preference\n    limit 1\n)"
    )


GROUP_VALUES = {
    "weighted_mean": "sum(value * weight order by ref_area) / sum(weight order by ref_area)",
    "sum": "sum(value order by ref_area)",
    "gap_filled_total": "sum(value order by ref_area) / {share!r}::double",
    "median": "median(value)",
    "unweighted": "sum(value order by ref_area) / count(*)",
}


def plausible_terms(meta: Item) -> list[str]:
    """Return the conditions for a member's value to be plausible. A release from before it named the range
    used every value.
    """
    return [
        f"v.value {sign} {float(meta[name])!r}::double"
        for name, sign in (("plausible_low", ">="), ("plausible_high", "<="))
        if meta.get(name) is not None
    ]


def members_sql(meta: Item, group: str, year: int, weight: str | None, *, left_out: bool = False) -> str:
    """Return SQL for the members of a group with a plausible value in the year, and a positive weight if
    required; left_out: those without a plausible value.

    Args:
        meta: the indicator's row of indicator_meta.
        group: code of the group.
        year: the year of the values.
        weight: the indicator that weighs, if one does.
        left_out: the other members instead.
    """
    terms = plausible_terms(meta)
    if left_out:
        terms = [f"not ({' and '.join(terms) or 'true'})"]
    indicator = meta["indicator"]
    total = " and ".join(f"{{0}}.{name} = '_T'" for name in VALUE_DIMENSIONS)
    lines = [
        "select v.ref_area, area.name as area, v.value, "
        + ("w.value" if weight else "1.0::double")
        + " as weight, v.obs_status, v.source, v.series, v.snapshot",
        "from indicator as v",
        f'join (select distinct ref_area from area_group where "group" = {text(group)} and valid_to is null)',
        "    using (ref_area)",
        "join area using (ref_area)",
    ]
    if weight:
        lines += [
            f"join indicator as w on w.indicator = {text(weight)} and w.ref_area = v.ref_area",
            f"    and w.time_period = v.time_period and {total.format('w')} and w.value > 0",
        ]
    lines += [
        f"where v.indicator = {text(indicator)} and v.time_period = {year} and {total.format('v')}",
        *(f"    and {term}" for term in terms),
    ]
    return "\n".join(lines)


def group_sql(method: str, share: float, members: str) -> str:
    """Return SQL for a group's value from its members."""
    return f"select {GROUP_VALUES[method].format(share=share)} as value\nfrom (\n{members}\n)"


def text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
