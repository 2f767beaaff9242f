"""The published tables of what is computed from indicator values: assessments, group values, availability.

What is published as it was found is in tables.py, which collects all.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns import Column, Table
from schemas.observation import OBS_STATUS, REF_AREA, TIME_PERIOD
from schemas.table_columns import (
    CATEGORIES,
    GROUP,
    INDICATOR_ID,
    METHODS,
    SOURCES,
    count,
    number,
    text,
    year,
)

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

ASSESSMENT_TABLES: tuple[Table, ...] = (PROGRESS, AGGREGATE, COVERAGE, DISAGREEMENT)
