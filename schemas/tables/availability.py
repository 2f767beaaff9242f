"""The published table of the 90 per cent pledge: availability of data by country, goal, group and breakdown.

warehouse/models/sql/availability.sql computes it; the data behind one indicator and one country are in the
table coverage.
"""

from __future__ import annotations

from schemas.columns.model import Column, Table
from schemas.columns.observation import REF_AREA_PATTERN
from schemas.columns.shared import count, number, text, year
from schemas.tables.gaps import GAP_DIMENSIONS

UNIVERSES = ("catalogue", "environment", "unsd")

AVAILABILITY = Table(
    "availability", "Availability of data by goal and group",
    "How much of what should be measured for the SDGs has data: the share of the cells, each an indicator and a country, with values "
    "since 2015.",
    (text("universe", "Which indicators: catalogue, those of ours that name an SDG indicator; unsd, all of the SDG database; "
          "environment, those of it about the environment, by codelists/environmental_indicators.csv.",
          allowed=UNIVERSES, role="dimension"),
     text("goal", "Sustainable Development Goal, 1 to 17, or all.", pattern=r"^(all|[1-9]|1[0-7])$", role="dimension"),
     Column("scope", "string", "dimension", "A country, or a group: its members that are Member States of the United Nations.",
            pattern=REF_AREA_PATTERN),
     text("breakdown", "_T: any value counts; else only values that are broken down by this.", role="dimension",
          allowed=("_T", *GAP_DIMENSIONS)),
     number("share_one", "Share of the cells with a value in at least one year since 2015.", minimum=0, maximum=1),
     number("share_two", "Share of the cells with values in at least two years since 2015.", minimum=0, maximum=1),
     number("share_recent", "Share of the cells with a value in the five years up to the universe's newest.", minimum=0, maximum=1),
     year("median_latest_year", "Median of the newest years of the cells that have any value.", nullable=True),
     count("cells", "Indicators times countries."), count("indicators", "Indicators; for a breakdown those that have it anywhere."),
     count("areas", "Countries."),
     count("measured", "Indicators with values in at least two years since 2015 in at least half of the countries.")),
    ("universe", "goal", "scope", "breakdown"))

AVAILABILITY_TABLES: tuple[Table, ...] = (AVAILABILITY,)
