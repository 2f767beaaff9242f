"""The claims ledger: recomputes each figure of the policy brief by its declared formula.

models/sql/claim_part.sql computes the parts of a formula; the claims are in indicators/catalogue/claims.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from indicators.formula.parser import formula_sql
from schemas.definitions.targets import Claim, Part
from schemas.tables.targets import CLAIM
from warehouse.engine.duckdb_engine import literal, model_sql, run_sql
from warehouse.models.definition_inputs import load

TEXT, NUMBER, YEAR = pa.string(), pa.float64(), pa.int16()
PART = pa.schema(
    [
        *((name, TEXT) for name in ("claim", "part", "indicator", "universe", "take", "area")),
        ("areas", pa.list_(TEXT)),
        ("or_of", pa.list_(TEXT)),
        ("year", YEAR),
        ("since", YEAR),
        ("below", NUMBER),
        ("above", NUMBER),
        ("least_coverage", NUMBER),
    ]
)
DEFINITION = pa.schema(
    [
        *((name, TEXT) for name in ("claim", "target", "text", "document", "computed_as", "unit", "says")),
        ("reason", TEXT),
        ("quoted_value", NUMBER),
        ("tolerance", NUMBER),
        ("year", YEAR),
    ]
)


def load_claims(con: duckdb.DuckDBPyConnection, claims: Sequence[Claim]) -> None:
    """Load claim_definition, claim_part_definition, and claim_value, a view with the formulas over
    claim_part.
    """
    parts = [
        {"claim": claim.id, "part": name, "least_coverage": claim.least_coverage, **part.model_dump()}
        for claim in claims
        for name, part in sorted(claim.parts.items())
    ]
    load(con, "claim_part_definition", pa.Table.from_pylist(parts, schema=PART))
    load(con, "claim_definition", pa.Table.from_pylist([_row(claim) for claim in claims], schema=DEFINITION))
    load(con, "claim_formula", pa.table({"sql": [_value_sql(claims)]}))


def claim_table(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the table `claim`, in any release: a claim that cannot be computed from it has no_data."""
    con.execute(f"create or replace temp table claim_part as\n{model_sql('claim_part')}")
    formula = con.execute("select sql from claim_formula").fetchall()[0][0]
    con.execute(f"create or replace temp table claim_value as\n{formula}")
    return run_sql(con, model_sql("claim"), CLAIM)


def _value_sql(claims: Sequence[Claim]) -> str:
    """Return every claim's value: its formula over its parts, one select for each."""
    selects = ["select null::varchar as claim, null::double as value where false"]
    for claim in sorted(claims, key=lambda claim: claim.id):
        if claim.parts:
            parts = ", ".join(
                f'max(value) filter (where part = {literal(name)}) as "{name}"'
                for name in sorted(claim.parts)
            )
            selects.append(
                f"select {literal(claim.id)} as claim, {formula_sql(claim.formula, claim.parts)} as value\n"
                f"from (select {parts} from claim_part where claim = {literal(claim.id)})"
            )
    return "\nunion all\n".join(selects)


def _row(claim: Claim) -> dict[str, object]:
    said = "; ".join(f"{name} = {_part(part)}" for name, part in sorted(claim.parts.items()))
    return {
        "claim": claim.id,
        "target": claim.target,
        "text": claim.claim,
        "document": claim.document,
        "computed_as": f"{claim.formula}; {said}" if claim.formula else None,
        "unit": claim.unit,
        "says": claim.says,
        "reason": claim.reason,
        "quoted_value": claim.quoted,
        "tolerance": claim.tolerance,
        "year": claim.year,
    }


def _part(part: Part) -> str:
    """Describe a part in words."""
    if part.universe:
        what = "indicators" if part.take == "indicators" else "measured indicators"
        return f"{what} of the universe {part.universe} in availability, {part.area}"
    when = f"since {part.since}" if part.since else f"{part.year}"
    if part.take == "value":
        return f"{part.indicator} of {part.area} in {when}"
    named = " or ".join([str(part.indicator), *part.or_of])
    limits = [f"below {part.below:.15g}"] if part.below is not None else []
    limits += [f"above {part.above:.15g}"] if part.above is not None else []
    among = f"{len(part.areas)} areas named" if part.areas else "UN members"
    what = "count of values" if part.take == "count" else "sum"
    return f"{what} of {named} {' and '.join([*limits, when])} among {among}"
