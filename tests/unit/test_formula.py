"""Formulas: refused ones with the place of the fault, and the meaning of allowed ones in DuckDB."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.formula.functions import LISTED
from indicators.formula.parser import check_formula, formula_names, formula_sql

NAMES = ("a", "b", "female")

ATTACKS = [
    "read_csv('/etc/passwd')", "read_text('/etc/passwd')", "read_parquet('x')", "glob('*')",
    "getenv('HOME')", "getvariable('x')", "current_setting('home_directory')", "query('select 1')",
    "query_table('a')", "(select 1)", "(select max(a) from t)", "exists(select 1)", "a in (select 1)",
    "a in (1, 2)", "(from read_csv('x'))", "a; drop table observation", "a union select 1", "a as b",
    "a, b", "*", "count(*)", "columns(*)", "sum(a)", "avg(a) over ()", "row_number() over (order by a)",
    "a over (order by a)", "lag(a) over ()", "lag(a, b)", "first(a order by b)",
    "max(a) filter (where a > 1)",
    "'text'", "a || 'x'", "a like 'x'", "a = 'x'", "cast(a as varchar)", "cast(a as int)", "a::text",
    "try_cast(a as double)", "cast('1' as double)", "a.b", "t.a", "main.t.a", "[1, 2]", "[1, 2][1]",
    "{'x': 1}", "a['x']", "list_value(1)", "map()", "x -> x + 1", "list_transform([1], x -> x)", "$1",
    "$name", "?", ":name", "random()", "now()", "current_date", "today()", "interval 1 day",
    "date '2020-01-01'", "true", "a = true", "a is true", "a is not distinct from b", "a <=> b", "a % 2",
    "a // 2", "a & 1", "a << 2", "~ a", "a ~ 'x'", "not a", "a and b", "a > b", "a is null",
    "case when a then 1 end", "case when 1 then 1 end", "a + (b > 1)", "-(a > 1)", "abs(a > b)",
    "nullif(a)", "round(a, b)", "round(a, -1)", "round(a, 1.5)", "round(a, 1, 2)", "floor(a, 2)",
    "ceil(a, 2)", "ln(a, b)", "log(a)", "log(2, a)", "log2(a)", "exp()", "sqrt()", "a b", "a +", "(a", "a)",
    "+ * a", "1e999", "0x10", "--", "/* a", "'", '"', "''", '"a', '"A"', "A", "female2", "Female",
    "load_extension('x')", "install httpfs", "attach 'x'", "copy a to 'x'", "pragma version", "set x = 1",
    "values (1)", "unnest([1])", "range(5)", "struct_pack(x := 1)", "a collate nocase",
    "a at time zone 'utc'", "position('a' in 'b')", "extract(year from a)", "if(a > 1, 2, 3)",
    "a between 1 and 'x'", "grouping(a)", "rowid", "md5(a)", "nextval('x')", "setseed(1)", "error('x')",
    "\x00", "", "  ",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_not_allowed_is_refused_with_a_place_and_a_way_out(text: str) -> None:
    faults = check_formula(text, NAMES)
    assert len(faults) == 1
    assert faults[0].what
    assert faults[0].allowed
    assert faults[0].next_step
    assert faults[0].line >= 1
    assert faults[0].column >= 1
    with pytest.raises(ValueError, match="formula"):
        formula_sql(text, NAMES)


@pytest.mark.parametrize(
    ("text", "what", "line", "column", "step"),
    [
        ("100 * femal / b", "unknown column `femal`", 1, 7, "did you mean `female`?"),
        ("a\n  + mael", "unknown column `mael`", 2, 5, ""),
        ("a + sqr(b)", "function `sqr` is not allowed", 1, 5, "did you mean `sqrt`?"),
        ("a + read_csv('x')", "function `read_csv` is not allowed", 1, 5, ""),
        ("a + (b", "syntax error", 1, 6, ""),
        ("a + b over", "syntax error at 'over'", 1, 7, ""),
        ("a + 'x'", "text 'x' in a formula", 1, 5, ""),
        ("a > b", "is a comparison where a number is needed", 1, 1, ""),
        ("a + (select 1)", "is not allowed in a formula", 1, 13, ""),
    ],
)
def test_a_fault_says_where_and_what_was_perhaps_meant(
    text: str, what: str, line: int, column: int, step: str
) -> None:
    (fault,) = check_formula(text, NAMES)
    assert what in fault.what
    assert (fault.line, fault.column) == (line, column)
    assert step in fault.next_step


@pytest.mark.parametrize(
    "text", ["(" * 400 + "a" + ")" * 400, "1" + "+1" * 400, "a" * 2000, "coalesce(" * 30 + "1 / a" + ")" * 30]
)
def test_a_formula_that_nobody_can_follow_is_refused(text: str) -> None:
    assert len(check_formula(text, NAMES)) == 1


def test_a_plain_name_does_not_import_the_parser() -> None:
    code = (
        "import sys; from indicators.formula.parser import check_formula, formula_sql;"
        "assert check_formula('value', ['value']) == [];"
        "assert formula_sql(' value ', ['value']) == '\"value\"';"
        "sys.exit('sqlglot' in sys.modules)"
    )
    checkout = Path(__file__).resolve().parent.parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=checkout, check=False).returncode == 0


def evaluate(text: str, **values: float | None) -> float | None:
    """The formula's value in DuckDB, which may touch nothing outside."""
    names = list(values)
    columns = ", ".join(f'cast(? as double) as "{name}"' for name in names)
    with duckdb.connect(config={"enable_external_access": "false"}) as con:
        row = con.execute(
            f"select {formula_sql(text, names)} from (select {columns})", list(values.values())
        ).fetchone()
    assert row is not None
    return None if row[0] is None else float(row[0])


@pytest.mark.parametrize(
    ("text", "a", "b", "value"),
    [
        ("a / b", 1.0, 0.0, None),
        ("0 / b", 1.0, 0.0, None),
        ("a / b", 1.0, 3.0, 1 / 3),
        ("1 / 3", 1.0, 3.0, 1 / 3),
        ("a / b", None, 3.0, None),
        ("100 * a / b", 49.0, 50.0, 98.0),
        ("ln(a)", 0.0, 1.0, None),
        ("ln(a)", -1.0, 1.0, None),
        ("log10(a)", 1000.0, 1.0, 3.0),
        ("sqrt(a)", -1.0, 1.0, None),
        ("power(a, b)", -8.0, 0.5, None),
        ("power(a, b)", 0.0, -1.0, None),
        ("a ** b", 2.0, 10.0, 1024.0),
        ("exp(a)", 1e6, 1.0, None),
        ("a * b", 1e300, 1e300, None),
        ("coalesce(a, b)", None, 2.0, 2.0),
        ("coalesce(a / b, 7)", 1.0, 0.0, 7.0),
        ("coalesce(ln(a), b)", 0.0, 5.0, 5.0),
        ("greatest(a, b)", None, 2.0, 2.0),
        ("greatest(sqrt(a), b)", -1.0, 2.0, 2.0),
        ("least(a, b, 3)", 5.0, 4.0, 3.0),
        ("case when power(a, 0.5) > 3 then 1 else 0 end", -8.0, 1.0, 0.0),
        ("case when a > b then 1 else 0 end", 2.0, 1.0, 1.0),
        ("case when a > b then 1 end", 1.0, 2.0, None),
        ("case a when 1 then 10 when 2 then 20 else 0 end", 2.0, 0.0, 20.0),
        ("case when a is null or not b between 1 and 2 then 1 else 0 end", 1.0, 3.0, 1.0),
        ("case when a is not null and b <> 2 then 1 else 0 end", 1.0, 2.0, 0.0),
        ("nullif(a, b)", 2.0, 2.0, None),
        ("round(a, 1)", 2.349, 0.0, 2.3),
        ("round(a)", 2.5, 0.0, 3.0),
        ("floor(a) + ceil(b) + abs(-1)", 1.5, 1.5, 4.0),
        ("-a + +b", 1.0, 3.0, 2.0),
        ("a - b - 1", 5.0, 3.0, 1.0),
        ("a / b / 2", 8.0, 2.0, 2.0),
        ("cast(a as double) + a::double", 1.0, 0.0, 2.0),
        ("a -- a remark\n + b", 1.0, 2.0, 3.0),
        ("GREATEST(a, b)", 1.0, 2.0, 2.0),
        ("null", 1.0, 1.0, None),
        (".5 + 1. + 1e0", 1.0, 1.0, 2.5),
    ],
)
def test_what_is_allowed_means_what_it_says(
    text: str, a: float | None, b: float | None, value: float | None
) -> None:
    assert check_formula(text, ["a", "b"]) == []
    assert evaluate(text, a=a, b=b) == (None if value is None else pytest.approx(value))


def test_numbers_are_doubles_and_never_decimals() -> None:
    for text in ("5.0", "0.1 + 0.2", "1", "1e3", "12345678901234567890123456789012345678901"):
        with duckdb.connect() as con:
            assert con.execute(f"select typeof({formula_sql(text, ['a'])})").fetchall() == [("DOUBLE",)]


def test_the_inputs_that_a_formula_uses_are_known() -> None:
    assert formula_names("100 * a / nullif(b, 0)", NAMES) == {"a", "b"}
    assert formula_names("female", NAMES) == {"female"}


def test_every_function_of_the_list_is_allowed() -> None:
    for name, function in LISTED.items():
        assert check_formula(function.example, NAMES) == [], name
        assert name in function.example
        assert function.form.startswith(f"{name}(")


# --- any allowed expression
numbers = st.one_of(
    st.sampled_from(["a", "b"]),
    st.integers(0, 1000).map(str),
    st.floats(0, 1e6, width=32).map(lambda x: f"{x:.4f}"),
)
truths = st.tuples(numbers, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), numbers).map(" ".join)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    test = st.tuples(inner, st.sampled_from(["<", ">=", "="]), inner).map(" ".join)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
        st.tuples(
            st.sampled_from(["abs", "ln", "log10", "sqrt", "exp", "floor", "ceil", "round"]), inner
        ).map(lambda x: f"{x[0]}({x[1]})"),
        st.tuples(st.sampled_from(["coalesce", "greatest", "least", "nullif", "power"]), pairs).map(
            lambda x: f"{x[0]}({x[1][0]}, {x[1][1]})"
        ),
        st.tuples(st.one_of(truths, test), pairs).map(
            lambda x: f"case when {x[0]} then {x[1][0]} else {x[1][1]} end"
        ),
        st.tuples(truths, truths, inner).map(
            lambda x: f"case when ({x[0]}) and not ({x[1]}) then {x[2]} end"
        ),
        inner.map(lambda x: f"(- {x})"),
        inner.map(lambda x: f"cast({x} as double)"),
    )


formulas = st.recursive(numbers, _grow, max_leaves=8)
values = st.one_of(st.none(), st.floats(-1e9, 1e9), st.sampled_from([0.0, -1.0, 1e300]))


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"enable_external_access": "false", "threads": 1})


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(text=formulas, a=values, b=values)
def test_any_allowed_formula_gives_a_finite_number_or_none(
    con: duckdb.DuckDBPyConnection, text: str, a: float | None, b: float | None
) -> None:
    faults = check_formula(text, ["a", "b"])
    if faults:  # the only reasons that are left: too long or too deep, or a divisor that is written as zero
        reasons = ("nested", "involved", "characters", "divides by zero")
        assert any(reason in faults[0].what for reason in reasons)
        return
    sql = formula_sql(text, ["a", "b"])
    spread = f"  {text.replace(' ', '   ')} -- the same"
    assert formula_sql(spread, ["a", "b"]) == sql
    query = f"select typeof({sql}), {sql} from (select cast(? as double) as a, cast(? as double) as b)"
    row = con.execute(query, [a, b]).fetchone()
    assert row is not None
    assert row[0] == "DOUBLE"
    assert row[1] is None or math.isfinite(row[1])


@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(text=st.text(max_size=40))
def test_no_text_at_all_breaks_the_check(text: str) -> None:
    faults = check_formula(text, ["a", "b"])
    assert len(faults) <= 1
    if not faults:
        assert formula_sql(text, ["a", "b"])
