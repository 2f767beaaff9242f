"""The published tables of the projection: its rows, the series without a projection, and its past accuracy.

The computation is in warehouse/projections; the method is described in docs/methods/projection.md.
"""

from __future__ import annotations

from schemas.columns.model import Column, Table
from schemas.columns.observation import REF_AREA, TIME_PERIOD
from schemas.columns.shared import INDICATOR_ID, count, number, text, year

PROJECTION_REASONS = ("deadline_passed", "not_projected", "last_point_too_old", "too_few_points", "nothing_ahead")
PROJECTION_KINDS = ("linear", "log", "logit")

PROJECTION = Table(
    "projection", "Projections",
    "One projected year of one area: from the year after its last value to the target year, or to 2030 where nobody set a "
    "target. What is projected is the pace of the past, not what a country plans to do.",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD,
     number("value", "Median projection, in the indicator's unit."),
     number("lower_80", "Lower end of the interval that held 80 per cent of past errors."),
     number("upper_80", "Upper end of it."),
     number("lower_95", "Lower end of the interval that held 95 per cent of past errors."),
     number("upper_95", "Upper end of it."),
     number("probability_target_met", "Probability that the value of this year meets the target, as its owner counts it "
            "(met_at); in the row of the target year the answer to whether it will be met. Null without a target.",
            nullable=True, minimum=0, maximum=1),
     text("model", "Model and edition, see docs/methods/projection.md."),
     number("met_at", "The value from which the target counts as met: the target, or where its owner is content with less "
            "(ITU: 95 per cent of a universal target), that.", nullable=True),
     number("probability_at_target", "The same probability for the target as it is worded, a value that rounds to 0 or 100 "
            "per cent counting as such; null where it is a single point that no projection meets exactly.", nullable=True, minimum=0, maximum=1),
     number("target_value", "The target, null if none is set.", nullable=True),
     year("target_year", "Year by which the target is to be met.", nullable=True),
     year("last_year", "Year of the last value, from which the projection starts."),
     number("last_value", "The last value, in the indicator's unit."),
     count("points", "Values since the last declared break."),
     text("scale", "Scale of the projection.", allowed=PROJECTION_KINDS),
     text("calibrated_on", "Whose past errors made the interval: those of the indicator, or of its family.",
          allowed=("indicator", "family")),
     text("anchored_on", "Of a group that is simulated from its members: what its projection starts from, its official value, a "
          "nowcast of the agency's, or our own value; null for all others.", nullable=True,
          allowed=("official", "official_nowcast", "ours")),
     year("year_met", "First year from which the target is more likely met than not, up to the target's year; on every row of the "
          "series; the year of the last value where that meets it. Null without a target, and where it is not within twenty years at this pace.", nullable=True),
     year("year_met_earliest", "First year in which that has a probability of one in ten.", nullable=True),
     year("year_met_latest", "First year in which it has nine in ten.", nullable=True)),
    ("indicator", "ref_area", "time_period"))

PROJECTION_REFUSED = Table(
    "projection_refused", "Series not projected",
    "A series of an assessed indicator that is not projected, with the reason.",
    (INDICATOR_ID, REF_AREA,
     text("reason", "deadline_passed: the target year is over. not_projected: the indicator has no verdict on a trend. last_point_too_old: "
          "the last value is older than the indicator allows. too_few_points: fewer than four since the last declared break. "
          "nothing_ahead: the last value is of the last year to be projected.", allowed=PROJECTION_REASONS),
     count("points", "Values since the last declared break."),
     year("last_year", "Year of the last value."),
     number("last_value", "The last value, in the indicator's unit."),
     number("target_value", "The target, null if none is set.", nullable=True),
     year("target_year", "Year by which the target is or was to be met.", nullable=True),
     Column("target_met", "bool", "attribute", "For a passed deadline: whether the value of that year met the target.",
            nullable=True)),
    ("indicator", "ref_area"))

PROJECTION_SKILL = Table(
    "projection_skill", "How well projections did",
    "Mean absolute error of a method when it is made to project what is now known, and how often its intervals held. "
    "Series that had reached an end of their range are left out; the vintage is today's, so errors are understated.",
    (text("measured_on", "Identifier of the indicator; all_four: mean of internet_use, electricity, coverage_4g, gini.",
          role="dimension"),
     text("method", "Method: the one in use is that of the column model of projection, without its edition.",
          role="dimension"),
     Column("horizon", "int16", "dimension", "Years from the last value that the method knew.", unit="years", minimum=1),
     count("forecasts", "Forecasts compared with a value: the same ones for every method."),
     number("mean_absolute_error", "In the indicator's unit.", minimum=0),
     number("relative_to_naive", "Error as a share of that of the last value going on.", nullable=True, minimum=0),
     number("relative_to_unsd", "Error as a share of that of UNSD's extrapolation held to the range.", nullable=True,
            minimum=0),
     number("coverage_80", "Share of values inside the 80 per cent interval, made from what was known at each origin.",
            nullable=True, minimum=0, maximum=1),
     number("coverage_95", "The same of the 95 per cent interval.", nullable=True, minimum=0, maximum=1)),
    ("measured_on", "method", "horizon"))

PROJECTION_TABLES: tuple[Table, ...] = (PROJECTION, PROJECTION_REFUSED, PROJECTION_SKILL)
