"""Every published table, described once. TABLES is what the release writes, checks and documents."""


from __future__ import annotations

from dataclasses import replace

from schemas.columns import Column, Table
from schemas.observation import (
    AGE,
    OBS_STATUS,
    OBSERVATION,
    OTHER_DIMS,
    QUANTILE,
    REF_AREA,
    SEX,
    SNAPSHOT,
    SNAPSHOT_PATTERN,
    SOURCE,
    TIME_PERIOD,
    URBANISATION,
)

DIRECTIONS = ("higher_is_better", "lower_is_better", "closer_to_one")
METHODS = ("unsd-2026", "unsd-2023", "unsd-2022", "eurostat", "sdsn", "escap", "open-sdg", "oecd-distance")
CATEGORIES = ("on_track_or_met", "moderate", "marginal", "stagnation", "regression", "insufficient_data")

INDICATOR_ID = Column("indicator", "string", "dimension", "Identifier of the indicator, the name of its file.",
                      pattern=r"^[a-z][a-z0-9_]*$")
VALUE = Column("value", "float64", "measure", "The value, in the indicator's unit.")
GROUP = Column("group", "string", "dimension", "Code of the group, unique within its grouping.",
               pattern=r"^[A-Z][A-Z0-9_]*(:[A-Z0-9]+)?$")
# A derived value has several origins: its sources, series and snapshots are joined by ';'.
SOURCES = replace(SOURCE, description="Source of the value; for a derived value its sources, joined by ';'.",
                  pattern=r"^[a-z][a-z0-9_]*(;[a-z][a-z0-9_]*)*$")
SNAPSHOTS = replace(SNAPSHOT, description="sha256 of the raw bytes behind the value; several, joined by ';', if derived.",
                    pattern=r"^[0-9a-f]{64}(;[0-9a-f]{64})*$")
LOWER = Column("lower_bound", "float64", "measure", "Lower bound of the value, if published.", nullable=True)
UPPER = Column("upper_bound", "float64", "measure", "Upper bound of the value, if published.", nullable=True)


def text(name: str, description: str, *, nullable: bool = False, pattern: str = "", allowed: tuple[str, ...] = (),
         role: str = "attribute") -> Column:
    return Column(name, "string", "dimension" if role == "dimension" else "attribute", description,
                  nullable=nullable, pattern=pattern, allowed=allowed)


def year(name: str, description: str, *, nullable: bool = False) -> Column:
    return replace(TIME_PERIOD, name=name, role="attribute", description=description, nullable=nullable)


def number(name: str, description: str, *, unit: str = "", nullable: bool = False, minimum: float | None = None,
           maximum: float | None = None) -> Column:
    return Column(name, "float64", "measure", description, unit=unit, nullable=nullable, minimum=minimum, maximum=maximum)


def count(name: str, description: str) -> Column:
    return Column(name, "int64", "measure", description, minimum=0)


INDICATOR = Table(
    "indicator", "Indicator values", "One value of an indicator, with where it came from.",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD, SEX, AGE, URBANISATION, QUANTILE, OTHER_DIMS, VALUE, LOWER, UPPER, OBS_STATUS,
     SOURCES,
     text("series", "The agency's code of the series; for a derived value the codes of its inputs, joined by ';'."),
     SNAPSHOTS,
     text("footnote", "The agency's footnote to the value.", nullable=True)),
    ("indicator", "ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "other_dims"))

LATEST = Table(
    "latest", "Latest values", "The newest total value of each indicator and area (all dimensions _T).",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD, VALUE, SOURCES, OBS_STATUS,
     text("series", "The agency's code of the series."), SNAPSHOTS),
    ("indicator", "ref_area"))

PROGRESS = Table(
    "progress", "Progress assessments", "One assessment of one area's pace on one indicator by one published method.",
    (INDICATOR_ID, REF_AREA, text("method", "Method and edition.", allowed=METHODS, role="dimension"),
     year("baseline_year", "Year of the baseline value.", nullable=True),
     number("baseline_value", "Value in the baseline year.", nullable=True),
     year("latest_year", "Year of the latest value.", nullable=True),
     number("latest_value", "Latest value.", nullable=True),
     number("target_value", "The target, null if none is set.", nullable=True),
     year("target_year", "Year by which the target is to be met.", nullable=True),
     number("measure", "What the method measures: for unsd-2026 P with a target, else the signed annual growth.",
            nullable=True),
     number("score", "Score on the method's own scale: for unsd-2026 from 0 to 5.", nullable=True),
     text("category", "The method's class.", allowed=CATEGORIES),
     number("annual_growth", "Compound annual growth rate from baseline to latest, as a share of 1; of the distance from one for a parity ratio.", nullable=True),
     number("projected_value", "Value in the target year at that growth.", nullable=True)),
    ("indicator", "ref_area", "method"))

AGGREGATE = Table(
    "aggregate", "Group values", "A group's value, ours and the official one, by year.",
    (INDICATOR_ID, GROUP, TIME_PERIOD,
     number("value", "Our aggregate by the indicator's method; null where it may not be published.", nullable=True),
     number("weight_share", "Share of the group's weight that the areas with a value hold.", minimum=0, maximum=1),
     count("areas_used", "Areas with a value in that year."),
     number("official_value", "The value that the source itself publishes for the group.", nullable=True),
     text("official_source", "Source of the official value.", nullable=True),
     count("areas_total", "Areas in the group."),
     number("difference", "Our value less the official one.", nullable=True),
     text("method", "How our value was computed."),
     text("note", "Why our value is withheld, where it is.", nullable=True)),
    ("indicator", "group", "time_period"))

COVERAGE = Table(
    "coverage", "Data availability", "What data there is for an indicator and a country; one row for every pair.",
    (INDICATOR_ID, REF_AREA, count("points_since_2015", "Years since 2015 that have a value."),
     year("first_year", "First year with a value.", nullable=True),
     year("latest_year", "Last year with a value.", nullable=True),
     Column("available", "bool", "attribute", "Whether there is at least one value since 2015.")),
    ("indicator", "ref_area"))

AREA = Table(
    "area", "Areas", "Countries and territories, and the groups that agencies publish values for.",
    (REF_AREA, text("name", "Short English name."), text("m49", "UN M49 code, three digits.", nullable=True,
                                                         pattern=r"^[0-9]{3}$"),
     text("iso2", "ISO 3166-1 alpha-2 code.", nullable=True, pattern=r"^[A-Z]{2}$"),
     text("kind", "country: country or territory; group: a set of them.", allowed=("country", "group")),
     Column("un_member", "bool", "attribute", "Member State of the United Nations.")),
    ("ref_area",))

AREA_GROUP = Table(
    "area_group", "Memberships", "One membership of an area in a group.",
    (text("grouping", "The system of groups.", role="dimension"), GROUP, REF_AREA,
     year("valid_from", "First year of the membership; null: from the beginning.", nullable=True),
     year("valid_to", "Last year of the membership; null: until today.", nullable=True),
     text("group_name", "English name of the group."),
     text("source", "Where the membership is published, with its date.")),
    ("grouping", "group", "ref_area", "valid_from"))

INDICATOR_META = Table(
    "indicator_meta", "Indicator definitions", "One row per indicator.",
    (INDICATOR_ID, text("title", "Title."), text("description", "What is measured."), text("unit", "Unit of measure."),
     text("direction", "Which way is better.", allowed=DIRECTIONS),
     text("frameworks", "JSON: framework to reference."),
     text("group", "Folder of the indicator."),
     number("target_value", "Target, if one is set.", nullable=True),
     year("target_year", "Target year.", nullable=True),
     text("target_origin", "Who set the target.", nullable=True),
     text("formula", "Formula over the inputs.", nullable=True),
     text("inputs", "JSON: the inputs in order of preference."),
     text("aggregate_method", "How group values are made."),
     text("notes", "What a reader must know.", nullable=True),
     text("fingerprint", "sha256 of what the values depend on: definition, inputs, code.", pattern=SNAPSHOT_PATTERN)),
    ("indicator",))

SOURCE_TABLE = Table(
    "source", "Sources", "One row per source.",
    (SOURCE, text("title", "Title."), text("licence", "Licence of the data."), text("citation", "How to cite."),
     text("agency", "Publishing agency."), text("homepage", "Where a person finds it.")),
    ("source",))

SNAPSHOT_TABLE = Table(
    "snapshot", "Snapshots", "One accepted snapshot: the raw bytes of one answer, all its pages in order.",
    (SNAPSHOT, SOURCE, text("url", "Address that was asked, without secrets."),
     Column("fetched_at", "timestamp", "attribute", "When it was fetched, UTC."),
     Column("bytes", "int64", "measure", "Length of the raw bytes.", unit="bytes", minimum=0),
     text("resource", "The resource within the source, mostly the series."),
     Column("pages", "int32", "measure", "Pages received.", minimum=1),
     text("agency_release", "Release or last update that the agency names.", nullable=True),
     text("licence", "Licence of the data.")),
    ("snapshot", "source", "resource"))

LEDGER = Table(
    "ledger", "Ledger", "One snapshot's reckoning: rows_in = rows_out + rows_rejected.",
    (SOURCE, SNAPSHOT, count("rows_in", "Rows that the agency sent."), count("rows_out", "Rows kept."),
     count("rows_rejected", "Rows refused."), text("reasons", "JSON: reason to number of rows.")),
    ("source", "snapshot"))

QUARANTINE = Table(
    "quarantine", "Quarantine", "A refused row, with its reason. Reasons marked counted_only stand in the ledger alone.",
    (SOURCE, SNAPSHOT, Column("row", "int64", "attribute", "Number of the row in the snapshot, from 0.", minimum=0),
     text("reason", "Why the row was refused.", pattern=r"^[a-z][a-z_]*$"),
     text("detail", "What was found in which field."), text("series", "Series of the row.", nullable=True),
     text("area", "The agency's area code.", nullable=True), text("time_period", "The agency's period.", nullable=True),
     text("value", "The value as sent.", nullable=True)),
    ("source", "snapshot", "row"))

REVISION = Table(
    "revision", "Revisions", "A total value that differs from the one in the release before.",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD,
     number("old_value", "Value in the release before; null: there was none.", nullable=True),
     number("new_value", "Value now; null: withdrawn.", nullable=True),
     text("previous_release", "The release compared with.")),
    ("indicator", "ref_area", "time_period"))

DISAGREEMENT = Table(
    "disagreement", "Disagreements",
    "Two inputs of an indicator that have different values for the same area and year, both totals. The value that is used "
    "is that of the preferred input; nothing is averaged. Where the indicator declares a tolerance only what lies beyond it "
    "is listed, else every difference.",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD,
     replace(SOURCES, name="source_a", description="Source of the preferred input of the two."),
     replace(SOURCES, name="source_b", description="Source of the other input."),
     text("series_a", "Series of the preferred input."), text("series_b", "Series of the other input."),
     text("input", "Name of the input in the formula; value for a plain series."),
     number("value_a", "Value of the preferred input, in the indicator's unit."),
     number("value_b", "Value of the other input, in the indicator's unit."),
     number("difference", "value_b less value_a."),
     number("relative_difference", "Size of the difference as a share of the larger of the two values.", nullable=True),
     number("tolerance", "The difference that the indicator allows between these two; null: none is declared.", nullable=True),
     replace(OBS_STATUS, name="status_a", description="Observation status of value_a."),
     replace(OBS_STATUS, name="status_b", description="Observation status of value_b.")),
    ("indicator", "ref_area", "time_period", "source_a", "source_b", "series_a", "series_b", "input"))

TABLES: dict[str, Table] = {t.name: t for t in (
    OBSERVATION, INDICATOR, LATEST, PROGRESS, AGGREGATE, COVERAGE, AREA, AREA_GROUP, INDICATOR_META, SOURCE_TABLE,
    SNAPSHOT_TABLE, LEDGER, QUARANTINE, REVISION, DISAGREEMENT)}
