"""THE column list of the canonical observation (SDMX-flavoured, long). Every other description of it is
generated."""


from __future__ import annotations

from schemas.columns.model import Column, Table

# SDMX CL_OBS_STATUS 2.2, and our own C: SDMX has no code for a value published only as a bound.
OBS_STATUSES = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "S", "U", "V", "W")
REF_AREA_PATTERN = r"^([A-Z]{3}|M49:[0-9]{3}|WB:[A-Z0-9]{3}|OWN:[A-Z0-9]{2,12}|ISO:[A-Z]{2}-[A-Z0-9]{1,3}|GEOB:[A-Z]{3}-ADM[1-5]-[A-Za-z0-9_-]+)$"
# in words, for the docs and for messages
REF_AREA_CODES = ("ISO 3166-1 alpha-3 for a country or territory (KEN); M49:202, WB:SSF or OWN:… for a group; "
                  "ISO:KE-30 (ISO 3166-2) or GEOB:… (geoBoundaries) for a part of a country")
# of an indicator's value, besides area and year; other dimensions, such as education, are in other_dims
VALUE_DIMENSIONS = ("sex", "age", "urbanisation", "quantile", "other_dims")
TOTAL = " and ".join(f"{name} = '_T'" for name in VALUE_DIMENSIONS)  # as SQL: a total, not a breakdown
SNAPSHOT_PATTERN = r"^[0-9a-f]{64}$"
CODE_PATTERN = r"^[^\s;][^;\r\n]*$"
FIRST_YEAR, LAST_YEAR = 1900, 2100

SOURCE = Column("source", "string", "dimension", "Identifier of the source, as in sources/agencies/<id>/source.yaml.",
                pattern=r"^[a-z][a-z0-9_]*$")
SERIES = Column("series", "string", "dimension", "The agency's own code of the series.", pattern=CODE_PATTERN)
REF_AREA = Column("ref_area", "string", "dimension", f"{REF_AREA_CODES}.", pattern=REF_AREA_PATTERN)
TIME_PERIOD = Column("time_period", "int16", "dimension", "Calendar year.", unit="year",
                     minimum=FIRST_YEAR, maximum=LAST_YEAR)
SEX = Column("sex", "string", "dimension", "SDMX CL_SEX: F, M, or _T for the total.", pattern=CODE_PATTERN)
AGE = Column("age", "string", "dimension", "Age group in the style of SDMX CL_AGE (Y15T24, Y_GE15), or _T for the total.",
             pattern=CODE_PATTERN)
URBANISATION = Column("urbanisation", "string", "dimension", "U urban, R rural, or _T for the total.", pattern=CODE_PATTERN)
QUANTILE = Column("quantile", "string", "dimension", "Income or wealth quantile (Q1 is the poorest fifth), or _T.",
                  pattern=CODE_PATTERN)
EDUCATION = Column("education", "string", "dimension", "Education level, or _T for the total.", pattern=CODE_PATTERN)
OTHER_DIMS = Column("other_dims", "string", "dimension",
                    "Further dimensions as KEY=VALUE;KEY=VALUE, keys sorted, or _T where there is none.",
                    pattern=r"^(_T|[A-Z][A-Z0-9_]*=[^=;\r\n]+(;[A-Z][A-Z0-9_]*=[^=;\r\n]+)*)$")
OBS_STATUS = Column("obs_status", "string", "attribute",
                    "SDMX CL_OBS_STATUS (A normal, E estimated, O missing, M cannot exist, ...); "
                    "C: censored, the agency publishes a bound and obs_value holds that bound.", allowed=OBS_STATUSES)
SNAPSHOT = Column("snapshot", "string", "attribute", "sha256 of the raw bytes from which the row was read.",
                  pattern=SNAPSHOT_PATTERN)

OBSERVATION = Table(
    "observation", "Canonical observations",
    "One value as an agency published it, in the canonical form. Published for the series that an indicator uses.",
    (
        SOURCE, SERIES, REF_AREA, TIME_PERIOD, SEX, AGE, URBANISATION, QUANTILE, EDUCATION, OTHER_DIMS,
        Column("obs_value", "float64", "measure", "The value; null where the agency says that there is none.", nullable=True),
        Column("lower_bound", "float64", "measure", "Lower bound of the value, if published.", nullable=True),
        Column("upper_bound", "float64", "measure", "Upper bound of the value, if published.", nullable=True),
        Column("unit", "string", "attribute", "Unit of measure: a code of schemas/codelists/units.yaml.",
               pattern=r"^[A-Z][A-Z0-9_]*$"),
        Column("unit_mult", "int16", "attribute", "Power of ten by which obs_value is to be multiplied.",
               minimum=-9, maximum=12),
        OBS_STATUS,
        Column("nature", "string", "attribute", "The agency's word for how the value came about (C, CA, E, G, M, ...).",
               nullable=True),
        Column("source_detail", "string", "attribute", "Where the agency took the value from.", nullable=True),
        Column("footnote", "string", "attribute", "The agency's footnote.", nullable=True),
        SNAPSHOT,
    ),
    ("source", "series", "ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "education", "other_dims"),
)
