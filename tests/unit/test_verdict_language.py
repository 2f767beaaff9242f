"""The fields that lead to a verdict: the message of each fault, resolved defaults, and the files
themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indicators.former_ids import former_ids
from indicators.registry import FOLDER, check_files, load_catalogue
from schemas.codelists.custodians import custodians
from schemas.definitions.indicator import Indicator
from schemas.errors import DefinitionError
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import INDICATOR
from sources.registry.sources import SOURCES, load_series
from warehouse.engine.duckdb_engine import engine
from warehouse.models.definition_inputs import load_model_inputs

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "indicators"
SOUND = """\
id: coverage
title: People within reach of a signal
description: Share of people within reach of a signal.
frameworks: {compact_brief: A}
links:
  compact_brief: {direct: true, reason: the objective names coverage}
unit: PT
direction: higher_is_better
stale_after: 4
min_span: 5
noise: {beyond: 98, step: 1, reason: sampling error}
inputs:
  - {source: agency, series: ONLINE}
target:
  value: 100
  year: 2030
  origin: an owner, in a text of 2022
  met_from: 95
  met_from_source: the owner, on its page
  met_from_seen: original
aggregate: {method: none}
expect:
  range: [0, 100]
"""
RELATIVE = """\
  value: null
  year: 2030
  origin: an owner, in a text of 2022
  relative: {base_year: 2015, factor: 1.5, reason: half as much again}
"""
NUMBER = SOUND.split("target:\n")[1].split("aggregate:")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "indicators" / "digital" / "coverage.yaml").write_text(text, encoding="utf-8")


def said(folder: Path, *, warnings: bool = False) -> list[tuple[str, str]]:
    """Field and words of what is found in the file that the test wrote."""
    checked = check_files(
        [folder / "indicators" / "digital" / "coverage.yaml"],
        folder=folder / "indicators",
        sources_folder=folder / "sources",
    )
    result = checked.warnings if warnings else checked.problems
    assert all(p.line > 0 and p.allowed and p.next_step for p in result)
    return [(problem.field, problem.what) for problem in result]


def test_a_file_with_all_of_these_fields_is_sound_and_says_what_its_verdict_is(folder: Path) -> None:
    write(folder, SOUND)
    assert (said(folder), said(folder, warnings=True)) == ([], [])
    definition = load(folder)
    assert (definition.kind_of_verdict, definition.kind_of_group_verdict) == ("likelihood", "likelihood")
    assert (definition.stale_after, definition.min_span) == (4, 5)


def load(folder: Path) -> Indicator:
    return load_catalogue(folder / "indicators", sources_folder=folder / "sources")["coverage"]


FAULTS = {
    "a kind against the file, without a reason": (
        "stale_after",
        "verdict_kind: level\nstale_after",
        "verdict_kind",
        "where the rest of the file gives likelihood",
    ),
    "a likelihood of nothing": (
        "target:\n" + NUMBER,
        "verdict_kind: likelihood\nverdict_reason: so\n",
        "verdict_kind",
        "likelihood needs a target",
    ),
    "a direction beside a target": (
        "stale_after",
        "verdict_kind: direction\nverdict_reason: so\nstale_after",
        "verdict_kind",
        "direction reads no target",
    ),
    "parity of a share": (
        "stale_after",
        "verdict_kind: parity\nverdict_reason: so\nstale_after",
        "verdict_kind",
        "parity does not fit higher_is_better",
    ),
    "none, and assessed": (
        "target:\n" + NUMBER,
        "verdict_kind: none\nverdict_reason: so\n",
        "verdict_kind",
        "none, and still assessed",
    ),
    "a yes that is not 1": (
        "stale_after",
        "verdict_kind: yes_no\nverdict_reason: so\nstale_after",
        "target.value",
        "a yes is 1",
    ),
    "a link without its part": (
        "frameworks: {compact_brief: A}",
        "frameworks: {sdg: 17.8.1}",
        "links.compact_brief",
        "which `frameworks` does not name",
    ),
    "noise outside the range": ("beyond: 98", "beyond: 198", "noise.beyond", "198 is outside expect.range"),
    "noise without a limit": ("beyond: 98, step: 1, ", "", "noise", "cannot stand here"),
    "a tolerance without its source": (
        "  met_from_source: the owner, on its page\n",
        "",
        "target.met_from",
        "met_from_source is missing",
    ),
    "a tolerance beyond the target": (
        "value: 100",
        "value: 90",
        "target.met_from",
        "95 is beyond the target of 90",
    ),
    "two kinds of number": (
        "  year: 2030",
        "  relative: {base_year: 2015, factor: 1.5, reason: more}\n  year: 2030",
        "target.value",
        "either one number or relative",
    ),
    "two rules of a relative target": (
        NUMBER,
        RELATIVE.replace("factor: 1.5", "factor: 1.5, step: 2"),
        "target.relative",
        "cannot stand here",
    ),
    "a relative target that goes the wrong way": (
        NUMBER,
        RELATIVE.replace("1.5", "0.5"),
        "target.relative",
        "lowers the base value",
    ),
    "a base year after the deadline": (
        NUMBER,
        RELATIVE.replace("2015", "2031"),
        "target.relative.base_year",
        "2031 is not before 2030",
    ),
    "a scope of nobody": (
        "  met_from: 95",
        "  scope: {groups: ['M49:998'], reason: the text}\n  met_from: 95",
        "target.scope.groups.0",
        "there is no group M49:998",
    ),
    "credible values outside the range": (
        "  range: [0, 100]",
        "  range: [0, 100]\n  plausible: {range: [0, 500], reason: errors}",
        "expect.plausible.range",
        "0 to 500 is not inside expect.range",
    ),
    "stale before it is published": ("stale_after: 4", "stale_after: 0", "stale_after", "cannot stand here"),
    "a word that is no kind": (
        "stale_after",
        "verdict_kind: likely\nstale_after",
        "verdict_kind",
        "'likely' cannot stand here",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_told_at_its_field(folder: Path, name: str) -> None:
    old, new, field, words = FAULTS[name]
    assert old in SOUND
    write(folder, SOUND.replace(old, new, 1))
    messages = said(folder)
    assert [(f, words in what) for f, what in messages if f == field] == [(field, True)], messages


WARNINGS = {
    "a share whose target is its end": (
        "  met_from: 95\n  met_from_source: the owner, on its page\n  met_from_seen: original\n",
        "",
        "target.value",
        "no tolerance is declared",
    ),
    "a target on the wrong side": (
        NUMBER,
        NUMBER.replace("value: 100", "value: 0").replace("met_from: 95", "met_from: 0"),
        "target.value",
        "on the wrong side of higher_is_better",
    ),
    "a link that says nothing": (
        "links:\n  compact_brief: {direct: true, reason: the objective names coverage}\n",
        "",
        "links",
        "counts as indirect",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_seldom_meant_is_a_warning_and_stops_nothing(folder: Path, name: str) -> None:
    old, new, field, words = WARNINGS[name]
    assert old in SOUND
    write(folder, SOUND.replace(old, new, 1))
    assert said(folder) == []
    assert [(f, words in what) for f, what in said(folder, warnings=True)] == [(field, True)]
    assert load(folder).id == "coverage"


def test_a_tolerance_of_a_share_that_is_better_low_is_on_the_other_side(folder: Path) -> None:
    low = SOUND.replace("higher_is_better", "lower_is_better").replace("beyond: 98", "beyond: 3")
    write(folder, low.replace("value: 100", "value: 0").replace("met_from: 95", "met_from: 3"))
    assert (said(folder), said(folder, warnings=True)) == ([], [])
    write(folder, low.replace("value: 100", "value: 5").replace("met_from: 95", "met_from: 3"))
    assert [field for field, _ in said(folder)] == ["target.met_from"]


def test_the_kind_follows_from_the_file_where_it_says_none(folder: Path) -> None:
    without = SOUND.replace("target:\n" + NUMBER, "")
    write(folder, without)
    assert load(folder).kind_of_verdict == "direction"
    write(folder, without.replace("stale_after: 4", "assessed: false"))
    assert load(folder).kind_of_verdict == "none"
    write(folder, SOUND.replace(NUMBER, RELATIVE))
    assert load(folder).kind_of_verdict == "likelihood"
    ratio = SOUND.replace("higher_is_better", "closer_to_one").replace("unit: PT", "unit: RATIO")
    ratio = ratio.replace(
        "- {source: agency, series: ONLINE}", "- {source: agency, series: ONLINE, scale: 0.01}"
    )
    ratio = ratio.replace("value: 100", "value: 1").replace("met_from: 95", "met_from: 0.97")
    write(folder, ratio)
    assert said(folder) == []
    assert load(folder).kind_of_verdict == "parity"


# --- lineage
# -----------------------------------------------------------------------------------------------------
def lineage(folder: Path) -> tuple[str | None, str | None]:
    (item,) = load(folder).named_inputs()["value"]
    return item.carries, item.concept


def test_a_series_carries_what_the_nearest_of_three_files_says(folder: Path) -> None:
    source, series = folder / "sources/agency/source.yaml", folder / "sources/agency/series.csv"
    write(folder, SOUND)
    assert lineage(folder) == ("agency", None)  # a source that says nothing carries its own figures
    source.write_text(source.read_text(encoding="utf-8") + "carries: itu\n", encoding="utf-8")
    assert lineage(folder) == ("itu", None)
    head, *rows = series.read_text(encoding="utf-8").splitlines()
    more = {"ONLINE": "uis,income"}
    lines = [head + ",carries,concept", *(f"{row},{more.get(row.split(',')[0], ',')}" for row in rows)]
    series.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lineage(folder) == ("uis", "income")
    write(folder, SOUND.replace("series: ONLINE}", "series: ONLINE, carries: jmp, concept: consumption}"))
    assert lineage(folder) == ("jmp", "consumption")


def test_a_custodian_that_is_not_in_the_list_is_refused(folder: Path) -> None:
    series = folder / "sources/agency/series.csv"
    series.write_text("code,title,unit,carries\nONLINE,People online,PT,itv\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="unknown custodian 'itv'"):
        load_series("agency", folder / "sources")


# --- former ids
# --------------------------------------------------------------------------------------------------
def test_former_ids_lead_to_what_took_their_place(folder: Path) -> None:
    write(folder, SOUND.replace("title:", "former_ids: [reach]\ntitle:", 1))
    removed = folder / "indicators" / "removed.yaml"
    removed.write_text(
        "removed:\n  - {id: gone, reason: it ended}\n"
        "  - {id: other, replaced_by: coverage, reason: weaker concept}\n",
        encoding="utf-8",
    )
    catalogue = load_catalogue(folder / "indicators", sources_folder=folder / "sources")
    former = former_ids(catalogue.values(), folder / "indicators")
    assert {name: (one.now, one.same) for name, one in former.items()} == {
        "reach": ("coverage", True),
        "gone": (None, False),
        "other": ("coverage", False),
    }
    removed.write_text(
        "removed:\n  - {id: online, replaced_by: nobody, reason: it ended}\n", encoding="utf-8"
    )
    with pytest.raises(DefinitionError) as raised:
        load_catalogue(folder / "indicators", sources_folder=folder / "sources")
    assert [problem.field for problem in raised.value.problems] == ["removed.0.id", "removed.0.replaced_by"]


# --- the real files
# ----------------------------------------------------------------------------------------------
CATALOGUE = load_catalogue()
TARGETED = [name for name, definition in CATALOGUE.items() if definition.target is not None]


def test_the_real_files_have_no_warning() -> None:
    assert check_files().warnings == []


@pytest.mark.parametrize("name", TARGETED)
def test_every_target_has_a_kind_a_tolerance_or_rule_and_its_source(name: str) -> None:
    definition = CATALOGUE[name]
    target = definition.target
    assert target is not None
    assert definition.verdict_kind in ("likelihood", "parity", "yes_no", "level")
    assert len(target.origin) > 20
    if target.relative is None:
        assert target.met_from is not None
        assert target.met_from_source is not None
        assert len(target.met_from_source) > 6
    else:
        assert len(target.relative.reason) > 20


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_indicator_says_its_kind_and_how_it_speaks_to_each_objective(name: str) -> None:
    definition = CATALOGUE[name]
    assert definition.verdict_kind is not None
    assert definition.verdict_reason or definition.verdict_kind == definition.default_verdict_kind
    assert set(definition.links) == {"compact_brief", "compact_adopted"} & set(definition.frameworks)


def test_every_input_says_whose_figures_it_has() -> None:
    known = custodians()
    unknown = {
        (item.source, item.series, item.carries)
        for definition in CATALOGUE.values()
        for items in definition.named_inputs().values()
        for item in items
        if item.source and item.carries not in known
    }
    assert unknown == set()


def test_copies_of_one_custodian_carry_the_same_code_and_the_factbook_its_own() -> None:
    internet = CATALOGUE["internet_use"].named_inputs()["value"]
    assert {item.source: item.carries for item in internet} == {
        "itu_aggregates": "itu",
        "itu_datahub": "itu",
        "unsd_sdg": "itu",
        "un_data_commons": "itu",
        "worldbank_wdi": "itu",
        "worldbank_data360": "itu",
        "world_factbook": "world_factbook",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("extreme_poverty", "poverty_420", "poverty_830", "palma_ratio", "quintile_ratio"),
        *("median_income", "mean_log_deviation", "income_polarization"),
    ],
)
def test_consumption_and_income_are_two_concepts(name: str) -> None:
    for items in CATALOGUE[name].named_inputs().values():
        pinned = {
            item.where["other_dims"].removeprefix("WELFARE_TYPE="): item.concept
            for item in items
            if "WELFARE_TYPE=" in item.where.get("other_dims", "")
        }
        assert pinned == {"consumption": "consumption", "income": "income"}


def test_shares_of_part_of_the_people_are_weighed_by_that_part() -> None:
    for name, definition in CATALOGUE.items():
        weight = definition.aggregate.weight
        if definition.aggregate.method == "weighted_mean" and name.endswith(("_female", "_male")):
            assert weight == "population_" + name.rsplit("_", 1)[1], name
        findex = any(
            item.source == "worldbank_findex"
            for items in definition.named_inputs().values()
            for item in items
        )
        if definition.aggregate.method == "weighted_mean" and findex:
            assert weight == "population_adults", name


def test_former_ids_of_the_real_files_are_no_ids() -> None:
    former = former_ids(CATALOGUE.values(), FOLDER)
    assert {name: one.now for name, one in former.items() if one.same} == {
        "ict_skills": "ict_skills_email",
        "internet_parity": "internet_use_parity",
        "statistical_law": "statistical_law_compliant",
    }
    assert not set(former) & set(CATALOGUE)
    assert SOURCES.is_dir()


def test_the_models_are_given_what_the_files_say() -> None:
    with engine() as con, TemporaryDirectory() as name:
        release = Path(name)
        empty = arrow_schema(INDICATOR).empty_table()
        pq.write_table(empty, release / "indicator.parquet")
        pq.write_table(pa.table({"ref_area": ["KEN"], "kind": ["country"]}), release / "area.parquet")
        groups = pa.table({"ref_area": ["KEN"], "group_area": ["M49:001"]})
        pq.write_table(groups, release / "area_group.parquet")
        load_model_inputs(con, release, load_catalogue().entries, None)
        rows = {
            row[0]: row[1:]
            for row in con.execute(
                "select indicator, verdict_kind, group_verdict_kind, stale_after, min_span, noise_beyond, "
                "noise_step, met_from, scoped from definition"
            ).fetchall()
        }
        assert rows["internet_use"] == ("likelihood", "likelihood", 3, 3, 98, 1, 95, False)
        assert rows["people_offline"] == ("none", "direction", 3, 3, None, None, None, False)
        assert rows["control_of_corruption"] == ("direction", "direction", 4, 5, None, 0.3, None, False)
        assert rows["coverage_3g"][-1] is True
        scopes = con.execute('select indicator, "group" from target_scope order by all').fetchall()
        assert scopes == [
            ("coverage_3g", "M49:199"),
            ("digital_skills_eu", "WB:EUU"),
            ("manufacturing_employment", "M49:199"),
            ("manufacturing_value_added", "M49:199"),
            ("oda_given", "OWN:DAC"),
            ("oda_ldc", "OWN:DAC"),
        ]
        relative = con.execute(
            "select relative_base_year, relative_factor, relative_cap, group_target_value, target_value "
            "from definition where indicator = 'maternal_mortality'"
        ).fetchone()
        assert relative == (2010, 0.333333, 140, 70, None)
        links = con.execute(
            "select framework, direct, link_reason is not null from framework "
            "where indicator = 'electricity' and framework in ('compact_brief', 'sdg') order by all"
        ).fetchall()
        assert links == [("compact_brief", False, True), ("sdg", None, False)]
