"""Terminal output of `compact explain` and `compact diff`, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.codelists.obs_status import STATUS_WORDS

Row = Mapping[str, Any]

MEMBERS = 12  # members of a group that are printed; --json has all
SHORT = 12  # characters of a snapshot's id


def explanation(explained: Row) -> Iterator[str]:
    """Format an explanation, line by line."""
    yield f"{explained['title']}, {explained['area']}, {explained['time_period']}"
    yield f"indicator {explained['indicator']}, unit {explained['unit']}, release {explained['release']}"
    if explained["value"]:
        yield ""
        yield from _value(explained["value"], "")
    if explained["group"]:
        yield ""
        yield from _group(explained["group"])
    yield ""
    yield from _checks(explained["checks"])


def statements(explained: Row) -> Iterator[str]:
    """The SQL that gives the number again, to be copied."""
    for part in (explained["value"], explained["group"]):
        if part and part["sql"]:
            yield "\nThe SQL, on the tables of the release (duckdb warehouse.duckdb):\n"
            yield part["sql"]


def _value(value: Row, indent: str) -> Iterator[str]:
    dims = ", ".join(f"{name} {code}" for name, code in value["dimensions"].items())
    yield f"{indent}value      {value['value']!r} (status {value['obs_status']}{', ' + dims if dims else ''})"
    yield f"{indent}formula    {value['formula']}"
    if value["formula"].strip() not in value["inputs"]:
        yield f"{indent}           {value['filled']}"
    again = "the same" if value["agrees"] else f"DIFFERS: {value['computed_again']!r}"
    again = again if value["sql"] else "not from one cell: the formula looks at other countries"
    yield f"{indent}again      computed again from the observations below: {again}"
    if value["footnote"]:
        yield f"{indent}footnote   {value['footnote']}"
    for name, taken in value["inputs"].items():
        yield from _input(name, taken, indent)
    for year, inputs in value["other_years"].items():
        for name, taken in inputs.items():
            yield from _input(f"{name} of {year}", taken, indent)


def _input(name: str, taken: Row, indent: str) -> Iterator[str]:
    yield ""
    if taken["taken"] is None:
        yield f"{indent}input {name}: no value ({', '.join(taken['without_a_value'])})"
        return
    place = f", choice {taken['rank']} of {taken['of']}" if taken["of"] > 1 else ""
    yield f"{indent}input {name} = {taken['value']!r} from {taken['taken']}{place}"
    if taken["without_a_value"]:
        yield f"{indent}  before it, without a value here: {', '.join(taken['without_a_value'])}"
    if taken["scale"] != 1.0:
        yield f"{indent}  times {taken['scale']:g}"
    if "indicator" in taken:
        inner = taken["indicator"]
        yield f"{indent}  which is {inner['title']}:"
        if inner["value"]:
            yield from _value(inner["value"], indent + "    ")
        return
    yield from _observation(taken["observation"], indent + "  ")
    yield from _snapshot(taken["snapshot"], indent + "  ")


def _observation(row: Row, indent: str) -> Iterator[str]:
    dims = [f"{name} {row[name]}" for name in ("sex", "age", "urbanisation", "quantile", "education")]
    dims = [text for text in dims if not text.endswith(" _T")]
    dims += [row["other_dims"]] if row["other_dims"] != "_T" else []
    multiplied = f" x 10^{row['unit_mult']}" if row["unit_mult"] else ""
    facts = ", ".join([f"unit {row['unit']}", f"status {row['obs_status']}", *dims])
    yield f"{indent}observation  {row['obs_value']!r}{multiplied} ({facts})"
    for name in ("nature", "source_detail", "footnote"):
        if row[name]:
            yield f"{indent}{name.removeprefix('source_'):<12} {row[name]}"


def _snapshot(snapshot: Row, indent: str) -> Iterator[str]:
    yield f"{indent}agency       {snapshot['title']}; {snapshot['licence']}"
    yield f"{indent}snapshot     {snapshot['snapshot']}"
    yield f"{indent}fetched      {snapshot['fetched_at']} from {snapshot['url']}"
    if ledger := snapshot["ledger"]:
        refused = ", ".join(f"{reason} {rows:,}" for reason, rows in ledger["reasons"].items())
        yield (
            f"{indent}ledger       {ledger['rows_in']:,} rows in = {ledger['rows_out']:,} kept + "
            f"{ledger['rows_rejected']:,} refused{' (' + refused + ')' if refused else ''}"
        )
    place = snapshot["place"]
    if not place["found"]:
        yield f"{indent}place        {place['why']}"
        return
    member = f", {place['member']} in it" if place["member"] else ""
    yield f"{indent}place        page {place['page']} of {place['pages']}{member}, byte {place['offset']:,}:"
    yield f"{indent}             {place['record']}"
    yield f"{indent}object       snapshots/objects/{place['object'][:2]}/{place['object']}"
    if place["fitting"] > 1:
        yield f"{indent}             {place['fitting']} records fit as well; this is the first"


def _group(group: Row) -> Iterator[str]:
    if group["value"] is None:
        yield f"our value      none: {group['note']}"
    else:
        again = "the same" if group["agrees"] else f"DIFFERS: {group['computed_again']!r}"
        yield f"our value      {group['value']!r}, {group['method']}; again from its members: {again}"
    if group["official_value"] is not None:
        status = group.get("official_status")  # absent from older releases
        what = f", {STATUS_WORDS[status]}" if status and status != "A" else ""
        yield f"official value {group['official_value']!r} of {group['official_source']}{what}"
    yield (
        f"members        {group['areas_used']} of {group['areas_total']} have a value, "
        f"{group['weight_share']:.1%} of the weight"
    )
    members = sorted(group["members"], key=lambda row: -row["weight"])
    for row in members[:MEMBERS]:
        weight = f", weight {row['weight']:,.0f}" if group["weight"] else ""
        yield f"  {row['area']}: {row['value']!r} ({row['obs_status']}, {row['source']}{weight})"
    if len(members) > MEMBERS:
        yield f"  and {len(members) - MEMBERS} more (--json)"
    for row in group["left_out"]:
        yield f"  left out: {row['area']}: {row['value']!r}, outside the range declared plausible"


def _checks(checks: Sequence[Row] | None) -> Iterator[str]:
    if checks is None:
        yield "checks: this release did not record them"
        return
    yield "checks of the indicator's values:"
    for row in checks:
        yield f"  {'passed' if row['passed'] else 'LOOK'}  {row['check']}: {row['what']}"
