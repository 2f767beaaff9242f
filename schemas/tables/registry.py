"""Every published table, described once. A release writes, checks and documents the tables in TABLES."""


from __future__ import annotations

from schemas.columns.model import Column, Table
from schemas.columns.observation import (
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
from schemas.columns.shared import (
    DIRECTIONS,
    GROUP,
    INDICATOR_ID,
    LOWER,
    SNAPSHOTS,
    SOURCES,
    UPPER,
    VALUE,
    count,
    number,
    text,
    year,
)
from schemas.tables.assessment import ASSESSMENT_TABLES
from schemas.tables.availability import AVAILABILITY_TABLES
from schemas.tables.codes import CODE_TABLES
from schemas.tables.companies import COMPANY_TABLES
from schemas.tables.contributions import CONTRIBUTION_TABLES
from schemas.tables.gaps import GAP_TABLES
from schemas.tables.projections import PROJECTION_TABLES
from schemas.tables.targets import TARGET_TABLES

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

AREA = Table(
    "area", "Areas", "Countries and territories, and the groups that agencies publish values for.",
    (REF_AREA, text("name", "Short English name."), text("m49", "UN M49 code, three digits.", nullable=True,
                                                         pattern=r"^[0-9]{3}$"),
     text("iso2", "ISO 3166-1 alpha-2 code.", nullable=True, pattern=r"^[A-Z]{2}$"),
     text("kind", "country: country or territory; group: a set of them; subnational: a part of a country.",
          allowed=("country", "group", "subnational")),
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
     text("fingerprint", "sha256 of what the values depend on: definition, inputs, code.", pattern=SNAPSHOT_PATTERN),
     text("depends_on", "JSON: fingerprints of each part that the values depend on, of each field of the definition, "
                        "and of the models; `compact why` compares them."),
     Column("plausible_low", "float64", "attribute", "Least value that is judged; a smaller one is published and enters no "
            "verdict, projection, score or group value. Null: no limit.", nullable=True, later=True),
     Column("plausible_high", "float64", "attribute", "Largest value that is judged, as plausible_low.", nullable=True,
            later=True)),
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
    "ledger", "Ledger", "One snapshot's reconciliation: rows_in = rows_out + rows_rejected.",
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

TABLES: dict[str, Table] = {t.name: t for t in (
    OBSERVATION, INDICATOR, LATEST, AREA, AREA_GROUP, INDICATOR_META, SOURCE_TABLE, SNAPSHOT_TABLE, LEDGER, QUARANTINE,
    REVISION, *ASSESSMENT_TABLES, *GAP_TABLES, *AVAILABILITY_TABLES, *COMPANY_TABLES, *CONTRIBUTION_TABLES, *TARGET_TABLES,
    *PROJECTION_TABLES, *CODE_TABLES)}
