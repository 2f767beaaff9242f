"""The published tables of targets and claims: targets, their tests, the crosswalk, claims and scores.

Assessments of indicators are in assessment.py.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Column, Table
from schemas.columns.observation import REF_AREA, SNAPSHOT, TIME_PERIOD
from schemas.columns.shared import DIRECTIONS, INDICATOR_ID, count, number, text, year

STATUSES = ("measured", "proxy", "milestone", "not_measurable")
STATES = ("open", "met", "missed", "not_assessable")
COMPARISONS = ("at_least", "more_than", "at_most", "less_than", "within")
FITS = ("good", "fair", "weak", "none")
TARGET_ID = text("target", "Identifier of the target, claim or commitment.", pattern=r"^[A-Z0-9]+-[A-Za-z0-9./]+$",
                 role="dimension")
INDICATORS = text("indicator", "Indicators that measure it or stand in for it, joined by ';'; null: none.", nullable=True,
                  pattern=r"^[a-z][a-z0-9_]*(;[a-z][a-z0-9_]*)*$")
OWNER = text("owner", "Who said it or set the number.")
STATE_TEXT = ("open: the deadline has not passed; met, missed: at the deadline; not_assessable: no value decides it.")

TARGET = Table(
    "target", "Targets, claims and commitments",
    "One target, claim or commitment of a document, what measures it, and how it stood at its deadline. A past deadline is "
    "met or missed at the value of its year, never projected.",
    (TARGET_ID, OWNER, text("text_ref", "Where it stands in the owner's document."), INDICATORS,
     number("value", "The number that the text sets; null: it sets none, or several, which the table deadline lists.",
            nullable=True),
     year("year", "Deadline, null where the text sets none.", nullable=True),
     text("status", "measured: by the indicator itself; proxy: something stands in; milestone: an event; not_measurable: no data "
          "of ours.", allowed=STATUSES),
     text("reason", "Why it has this status.", nullable=True),
     text("text", "The target, claim or commitment."),
     Column("quoted", "bool", "attribute", "Whether text is the document's own wording."),
     text("unit", "Unit of value: a code of schemas/codelists/units.yaml.", nullable=True),
     text("direction", "Which way is better.", nullable=True, allowed=DIRECTIONS),
     text("baseline", "Where things stood, with year and source.", nullable=True),
     text("deadline_state", STATE_TEXT + " Null where there is no deadline.", nullable=True, allowed=STATES),
     text("deadline_state_accepted", "The same by the number from which the owner counts the target as met (ITU: 95 per cent for a "
          "universal one); null where none is stated.", nullable=True, allowed=STATES),
     text("deadline_reason", "What decided, or what is missing.", nullable=True),
     text("milestone_state", "For a milestone, as its source says.", nullable=True, allowed=("done", "not_done", "not_known")),
     text("milestone_date", "When it was done; otherwise the date of which the source speaks.", nullable=True),
     text("milestone_source", "What says so.", nullable=True),
     text("compact_brief", "Objectives of the policy brief, joined by ';'.", nullable=True),
     text("compact_adopted", "Objectives of the adopted Compact, joined by ';'.", nullable=True),
     text("public_data", "Whether public country data exist at all, with us or not.",
          allowed=("most_countries", "some_countries", "global", "none")),
     text("document", "The owner's document."),
     text("verified", "How the entry was checked.")),
    ("target",))

DEADLINE = Table(
    "deadline", "Tests of targets",
    "One numeric test of a target: a group's value, or the share of the UN members that reach a value, held against the number in "
    "the deadline's year; before the deadline, how it stands in the latest year.",
    (TARGET_ID, Column("part", "int16", "dimension", "Number of the test within the target, from 1.", minimum=1), INDICATOR_ID,
     text("group", "Group whose value is tested; null: countries are counted.", nullable=True),
     year("year", "Deadline.", nullable=True),
     year("value_year", "Year of the values that are held against the number.", nullable=True),
     text("comparison", "How a value is held against the number.", allowed=COMPARISONS),
     number("required", "The number of the target; for a change, per cent since change_from.", nullable=False),
     number("required_upper", "Upper end, for within.", nullable=True),
     number("accepted", "The number from which the owner counts it as met.", nullable=True),
     year("change_from", "Year from which the change is computed; null: the value itself is tested.", nullable=True),
     number("official_value", "The official value of the group.", nullable=True),
     number("own_value", "Our value of the group.", nullable=True),
     number("required_share", "For countries: per cent of the UN members that must reach it.", nullable=True, minimum=0, maximum=100),
     Column("countries_meeting", "int64", "measure", "UN members whose value reaches the number.", nullable=True, minimum=0),
     Column("countries_failing", "int64", "measure", "UN members whose value does not.", nullable=True, minimum=0),
     Column("countries_accepted", "int64", "measure", "UN members whose value reaches the accepted number.", nullable=True, minimum=0),
     Column("countries_total", "int64", "measure", "UN members.", nullable=True, minimum=0),
     text("state", STATE_TEXT, allowed=STATES),
     text("state_accepted", "The same by the accepted number.", nullable=True, allowed=STATES),
     text("standing", "How the values stand now or stood at the deadline.", allowed=("reached", "not_reached", "not_known")),
     text("reason", "What decided, or what is missing.")),
    ("target", "part"))

CROSSWALK = Table(
    "crosswalk", "Crosswalk of frameworks",
    "How a part of one framework corresponds to a part of another, and how well: the brief, the adopted Compact, the Goals, the "
    "Sovereign ESG pillars and themes, ITU's connectivity targets, the stakeholder-capitalism metrics, and the measurement "
    "frameworks of the field, each part of which says what it asks and how well it is measured here.",
    (text("from_framework", "Framework of the first part.", role="dimension"),
     text("from_code", "Code of the first part.", role="dimension"),
     text("to_framework", "Framework of the second part.", role="dimension"),
     text("to_code", "Code of the second part; none: nothing corresponds.", role="dimension"),
     text("fit", "How well the second stands for the first.", allowed=FITS), INDICATORS,
     count("indicators", "How many indicators of ours stand for the link."),
     text("origin", "declared: judged in the crosswalk file; proposed: how we read a framework of the field; shared_indicator: "
          "both parts are named by the same indicators.", allowed=("declared", "proposed", "shared_indicator")),
     text("reason", "Why this fit."),
     text("from_title", "Title of the first part.", nullable=True), text("to_title", "Title of the second part.", nullable=True),
     text("from_level", "Of a framework of the field: what the first part is.", nullable=True,
          allowed=("dimension", "indicator", "action_line", "request")),
     text("from_parent", "Code of the part to which the first part belongs.", nullable=True),
     text("measured", "Of a framework of the field: how well our indicators measure the first part; none: not measured here.",
          nullable=True, allowed=("direct", "indirect", "none")),
     text("seen_at", "Where the first part was seen.", nullable=True)),
    ("from_framework", "from_code", "to_framework", "to_code"))

CLAIM = Table(
    "claim", "Claims ledger",
    "A figure of the policy brief, computed again from this release's data: the value then, the value now, what changed.",
    (text("claim", "Identifier of the claim.", pattern=r"^[a-z][a-z0-9_]*$", role="dimension"), TARGET_ID,
     text("text", "What is claimed."), number("quoted_value", "The number as printed."),
     year("year", "Year that the number is about.", nullable=True),
     text("document", "Where it is printed."),
     text("computed_as", "Formula over its parts, and what each part is; null: nothing of ours can compute it.", nullable=True),
     number("value_now", "The same figure from this release; null: an input is absent.", nullable=True),
     number("difference", "value_now less quoted_value.", nullable=True),
     text("verdict", "holds; revised: the number is another now; not_reproduced: the statement does not hold; no_data.",
          allowed=("holds", "revised", "not_reproduced", "no_data")),
     text("reason", "How it is computed, and what decided or is missing."),
     text("unit", "Unit of both values."),
     text("says", "Whether the figure is the number itself or a side of it.", allowed=("equal", "above", "below")),
     number("tolerance", "For equal: half a unit of the last digit printed.", nullable=True),
     text("source", "Sources of the inputs, joined by ';'.", nullable=True),
     replace(SNAPSHOT, name="snapshot", nullable=True, pattern=r"^[0-9a-f]{64}(;[0-9a-f]{64})*$",
             description="sha256 of the raw bytes behind the inputs, joined by ';': the vintage."),
     text("vintage", "First and last day on which those bytes were fetched, as YYYY-MM-DD or YYYY-MM-DD/YYYY-MM-DD.", nullable=True)),
    ("claim",))

SCORE = Table(
    "score", "Composite scores",
    "A composite of one part of a framework, with the range that its rank takes under other normalisations, weights and "
    "aggregations and with errors of the inputs. There is none over everything, and none of individuals.",
    (text("framework", "Framework, as in the crosswalk.", role="dimension"),
     text("component", "Part of the framework.", role="dimension"), REF_AREA, TIME_PERIOD,
     number("score", "0 at the worst bounds, 100 at the best; null where too few values are there.", nullable=True, minimum=0,
            maximum=100),
     Column("rank", "int32", "measure", "Rank among the UN Member States scored, 1 the best; equal scores share the better rank; null for others.",
            nullable=True, minimum=1),
     Column("rank_low", "int32", "measure", "Fifth percentile of the ranks in the uncertainty analysis: the better end.",
            nullable=True, minimum=1),
     Column("rank_high", "int32", "measure", "95th percentile of the ranks: the worse end.", nullable=True, minimum=1),
     number("coverage_share", "Share of the component's weight that has a value.", minimum=0, maximum=1),
     count("indicators_used", "Indicators with a value."), count("indicators_total", "Indicators of the component."),
     year("oldest_year", "Oldest year among the values used.", nullable=True),
     text("reason", "Why there is no score, where there is none.", nullable=True)),
    ("framework", "component", "ref_area", "time_period"))

TARGET_TABLES: tuple[Table, ...] = (TARGET, DEADLINE, CROSSWALK, CLAIM, SCORE)
