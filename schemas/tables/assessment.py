"""The published tables computed from indicator values: assessments, group values, coverage, methods.

Values, areas, sources and snapshots are in registry.py, other tables in availability.py and gaps.py.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Column, Table
from schemas.columns.observation import (
    AGE,
    OBS_STATUS,
    OTHER_DIMS,
    QUANTILE,
    REF_AREA,
    SEX,
    TIME_PERIOD,
    URBANISATION,
)
from schemas.columns.shared import GROUP, INDICATOR_ID, SOURCES, count, number, text, year
from schemas.definitions.methods import OUTLOOKS, categories, component_columns, methods

PROGRESS = Table(
    "progress", "Progress assessments", "One assessment of one area's pace on one indicator by one published method.",
    (INDICATOR_ID, REF_AREA, text("method", "Method and edition, see docs/methods.", allowed=tuple(methods()), role="dimension"),
     year("baseline_year", "Year of the baseline value.", nullable=True),
     number("baseline_value", "Value in the baseline year.", nullable=True),
     year("latest_year", "Year of the latest value.", nullable=True),
     number("latest_value", "Latest value.", nullable=True),
     number("target_value", "The target, null if none is set.", nullable=True),
     year("target_year", "Year by which the target is to be met.", nullable=True),
     number("measure", "What the method measures, on its own terms: see the table method.", nullable=True),
     number("score", "Score on the method's own scale: see the table method.", nullable=True),
     text("category", "The method's class.", allowed=categories()),
     text("outlook", "What the class says of the direction, by which methods can be compared: positive towards the target or met, neutral where the method itself says standstill, negative away; null without an answer.",
          allowed=OUTLOOKS, nullable=True),
     text("reason", "Why there is no answer, or why no method was needed.", nullable=True),
     text("note", "Where the rules of growth have nothing sensible to say of the series: a value of zero, saturation, a target "
          "that is met as its owner counts it.", nullable=True),
     text("evidence", "Of likelihood-2026: number and age of the values, how many are estimates, how many sources.",
          allowed=("robust", "medium", "limited"), nullable=True),
     text("agreement", "Of likelihood-2026: how many of the other methods point the same way.",
          allowed=("high", "medium", "low"), nullable=True),
     text("confidence", "Of likelihood-2026: confidence from evidence and agreement, as in the guidance note of the IPCC.",
          allowed=("high", "medium", "low"), nullable=True),
     *component_columns()),
    ("indicator", "ref_area", "method"))

METHOD = Table(
    "method", "Methods of assessment", "One method by which progress is assessed; its page is docs/methods/<method>.md.",
    (text("method", "Method and edition.", allowed=tuple(methods()), role="dimension"),
     text("title", "What the method is called."),
     text("publication", "Where it is published."),
     text("edition", "Which edition of it is followed."),
     text("provisional", "What of it was not read in the source; null where all was.", nullable=True),
     text("measure", "What the column measure of the table progress holds."),
     text("score", "The scale of the column score; null where the method has no score.", nullable=True)),
    ("method",))

METHOD_DISAGREEMENT = Table(
    "method_disagreement", "Disagreements of methods",
    "How often two methods judge the same indicator and area differently. method_a and method_b 'any': any of the methods. "
    "scope 'all': all indicators.",
    (text("scope", "Identifier of the indicator, or all.", role="dimension", pattern=r"^[a-z][a-z0-9_]*$"),
     text("method_a", "The one method, or any.", role="dimension", allowed=("any", *methods())),
     text("method_b", "The other, or any.", role="dimension", allowed=("any", *methods())),
     count("compared", "Areas (for all: indicators by areas) of which both have an outlook; for any, at least two methods."),
     count("opposed", "Of these, how many one calls positive and the other negative."),
     count("differing", "Of these, how many have different outlooks; those opposed are among them."),
     number("share_opposed", "opposed as a share of compared.", minimum=0, maximum=1),
     number("share_differing", "differing as a share of compared.", minimum=0, maximum=1)),
    ("scope", "method_a", "method_b"))

KEPT_OUT_RULES = ("another_lineage", "another_concept", "overlap_differs", "no_overlap", "outside_the_span")

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
     text("note", "Why our value is withheld, where it is.", nullable=True),
     number("standard_deviation", "Standard deviation of the members' values around their mean, weighed as the mean is; "
            "null for totals, and for fewer than two members.", nullable=True, minimum=0),
     number("expected_error", "How far half of the values of like family, coverage and age lay from official ones; in the "
            "indicator's unit. See docs/methods/aggregates.md.", nullable=True, minimum=0),
     number("error_80", "How far four in five of them lay at most; the rate at which this held is measured.", nullable=True,
            minimum=0),
     number("low_income_share", "Of the world: share of the weight of low and lower middle income countries that is covered; "
            "null where the indicator does not ask for it.", nullable=True, minimum=0, maximum=1),
     replace(OBS_STATUS, name="official_status", nullable=True,
             description="Observation status of the official value: A observed, E estimated, F a nowcast of the agency's."),
     number("leading_value", "The official value where there is one, else ours: what is shown first.", nullable=True)),
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

KEPT_OUT = Table(
    "kept_out", "Values kept out",
    "A value that an input has, that the order of preference would use, and that the rule of one lineage a series keeps "
    "out of the indicator. See docs/methods/lineage.md.",
    (INDICATOR_ID, text("input", "Name of the input in the formula; value for a plain series.", role="dimension"),
     Column("rank", "int16", "dimension", "Place of the input in the order of preference, from 1.", minimum=1),
     REF_AREA, TIME_PERIOD, SEX, AGE, URBANISATION, QUANTILE, OTHER_DIMS, SOURCES,
     text("series", "The agency's code of the series."),
     number("value", "The value that is not used, in the indicator's unit."),
     text("carries", "Custodian whose figure it is."),
     text("concept", "What it measures, where a custodian has several concepts; empty otherwise."),
     text("leading_carries", "Custodian whose figures the indicator has for the area."),
     text("leading_concept", "The concept that the indicator has for the area; empty where there is one only."),
     text("rule", "another_lineage: figures of another custodian, which never extend a series. another_concept: consumption "
          "beside income. overlap_differs: a copy of the same figures beyond the end of the series, whose common years differ "
          "from it. no_overlap: too few common years to tell. outside_the_span: the definition admits it inside the span alone.",
          allowed=KEPT_OUT_RULES)),
    ("indicator", "input", "rank", "ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "other_dims"))

ASSESSMENT_TABLES: tuple[Table, ...] = (
    PROGRESS, METHOD, METHOD_DISAGREEMENT, AGGREGATE, COVERAGE, DISAGREEMENT, KEPT_OUT)
