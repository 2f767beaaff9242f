"""The published tables of what lies between people and between countries: gap, inequality, lorenz.

What they are computed by is in warehouse/models/<table>.sql; the pairs and bands of gap are code lists.
"""

from __future__ import annotations

from schemas.columns import Column, Table
from schemas.observation import REF_AREA, TIME_PERIOD
from schemas.table_columns import INDICATOR_ID, SOURCES, number, text

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
            "close.", unit="years", nullable=True, minimum=0),
     Column("latest", "bool", "attribute", "Whether it is the newest year of this pair and area."),
     text("label_a", "group_a in words."), text("label_b", "group_b in words."),
     SOURCES),
    ("indicator", "ref_area", "time_period", "dimension", "group_a", "group_b"))

GAP_TABLES: tuple[Table, ...] = (GAP,)
