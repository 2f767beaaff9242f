"""The published tables of differences between people and between countries: gap, lorenz, inequality.

Their models are warehouse/models/sql/<table>.sql; the pairs and bands of gap are code lists.
"""

from __future__ import annotations

from schemas.columns.model import Column, Table
from schemas.columns.observation import REF_AREA, REF_AREA_PATTERN, TIME_PERIOD
from schemas.columns.shared import INDICATOR_ID, SOURCES, count, number, text, year

GAP_DIMENSIONS = ("sex", "age", "urbanisation", "education", "quantile", "disability")

GAP = Table(
    "gap", "Gaps", "A disparity between two groups of people in one area and year: one row for each pair that is compared.",
    (INDICATOR_ID, REF_AREA, TIME_PERIOD,
     text("dimension", "What tells the groups apart.", allowed=GAP_DIMENSIONS, role="dimension"),
     text("group_a", "The group that is behind as a rule: women, rural, older, less schooled, poorer.", role="dimension"),
     text("group_b", "The group that it is compared with.", role="dimension"),
     number("value_a", "Value of group_a, in the indicator's unit."),
     number("value_b", "Value of group_b, in the indicator's unit."),
     number("difference", "value_a less value_b, in the indicator's unit."),
     number("ratio", "value_a divided by value_b: the parity score; null where value_b is 0.", nullable=True),
     Column("parity_itu", "bool", "attribute", "Whether the ratio lies in ITU's parity band, 0.98 to 1.02.", nullable=True),
     Column("parity_unesco", "bool", "attribute", "Whether the ratio lies in UNESCO's parity band, 0.97 to 1.03.", nullable=True),
     number("annual_change", "By how much the difference grew a year since the first year of the ten before that has one; "
            "null for fewer than three years.", nullable=True),
     number("years_to_parity", "Years until the difference is zero at that pace; 0 at parity (ITU), null where it does not "
            "close or takes more than a hundred: see closing.", unit="years", nullable=True, minimum=0, maximum=100),
     text("closing", "Whether the difference closes: at_parity (ITU's band), closing within a hundred years, not_at_this_pace, "
          "widening, not_known for fewer than three years.",
          allowed=("at_parity", "closing", "not_at_this_pace", "widening", "not_known")),
     Column("latest", "bool", "attribute", "Whether it is the newest year of this pair and area."),
     text("label_a", "group_a in words."), text("label_b", "group_b in words."),
     SOURCES),
    ("indicator", "ref_area", "time_period", "dimension", "group_a", "group_b"))

# The distributed quantity: an indicator's people, or the income or consumption of a survey.
DISTRIBUTION = text("distribution", "What is distributed: income or consumption among the people of a country, or an "
                    "indicator's people (those online) among countries or the parts of a country.", role="dimension", pattern=r"^[a-z][a-z0-9_]*$")
SCOPE = Column("scope", "string", "dimension", "Country whose people are compared, or group whose countries are.",
               pattern=REF_AREA_PATTERN)

LORENZ = Table(
    "lorenz", "Lorenz curves", "One point of a Lorenz curve: the poorest share of people, and the share of the total that is theirs.",
    (DISTRIBUTION, SCOPE, TIME_PERIOD,
     Column("point", "int32", "dimension", "Number of the point; 0 is the origin.", minimum=0),
     number("population_share", "Share of people up to this point, from the worst off.", minimum=0, maximum=1),
     number("value_share", "Share of the total that they have.", minimum=0, maximum=1),
     text("member", "Country or tenth of people that this point adds; null at the origin.", nullable=True),
     SOURCES),
    ("distribution", "scope", "time_period", "point"))

MEASURES = ("gini", "theil", "mean_log_deviation", "palma", "s80_s20", "growth_bottom_40", "growth_mean", "bottom_40_premium",
            "highest_over_lowest")

INEQUALITY = Table(
    "inequality", "Inequality", "A measure of a distribution: of income within a country, or of connectivity between countries.",
    (text("measure", "What is measured.", allowed=MEASURES, role="dimension"), SCOPE, TIME_PERIOD,
     number("value", "The measure, in `unit`."), count("areas_used", "Countries in it: 1 for one within a country."),
     DISTRIBUTION,
     text("unit", "Unit of the value.", allowed=("INDEX", "RATIO", "PT_PER_YEAR", "PP_PER_YEAR")),
     number("weight_share", "Share of the group's population in the countries used; null within a country.", nullable=True,
            minimum=0, maximum=1),
     number("published_value", "What the agency publishes from the survey itself, where it does.", nullable=True),
     number("difference", "value less published_value: never above 0 for a Gini index from tenths.", nullable=True),
     year("first_year", "Growth: year of the earlier survey.", nullable=True), SOURCES),
    ("measure", "scope", "time_period", "distribution"))

GAP_TABLES: tuple[Table, ...] = (GAP, LORENZ, INEQUALITY)
