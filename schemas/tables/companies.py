"""The published table of independent assessments of companies. The figures are about companies, never
countries: no indicator reads them.

Companies' own disclosures are in the table corporate_disclosure.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Table
from schemas.columns.observation import REF_AREA, SNAPSHOT, SOURCE, TIME_PERIOD
from schemas.columns.shared import number, text

COMPANY_RATING = Table(
    "company_rating", "Ratings of companies",
    "What an independent assessment says of a company in one edition: Ranking Digital Rights, on governance, freedom of "
    "expression and privacy.",
    (text("company", "Code of the company, one through its changes of name.", role="dimension", pattern=r"^[A-Z][A-Z0-9_]*$"),
     replace(REF_AREA, name="country", role="attribute", description="Where the company has its seat: to tell, not to score a country."),
     replace(TIME_PERIOD, name="year", description="Year of the edition."),
     text("measure", "The agency's code: TOTAL, the mean over its indicators; G, governance; F, freedom of expression; P, privacy.",
          role="dimension"),
     number("score", "Share of the best possible, 0 to 100.", minimum=0, maximum=100),
     SOURCE, SNAPSHOT),
    ("company", "year", "measure", "source"))

COMPANY_TABLES: tuple[Table, ...] = (COMPANY_RATING,)
