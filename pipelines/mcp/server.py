"""`compact mcp`: serves the latest release to AI assistants, read-only, over the Model Context Protocol.

The queries are in pipelines/mcp/answers.py. This module has the names and descriptions of the tools, the size
limit and the transport. Each call reads the release that is the latest at that moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations

from pipelines.mcp import answers
from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.display import bounded, visible
from schemas.errors import CompactError
from warehouse.client.release import Release

MAX_ARGUMENT = 200  # characters; the longest name of an area has 52, of an indicator 40
MAX_YEAR = 9_999
MAX_ERROR = 2_000  # characters of an error message: an assistant may repeat it
SIZE = 6_000  # characters of a result by default: below 2,000 tokens at three characters or more per token
METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods"
INSTRUCTIONS = """\
Figures on how far every country is from the measurable targets of the UN Global Digital Compact, from
public statistics of UN agencies, the World Bank and others. Find an indicator with `search`, then ask for
values. With every number give its year, source and status; say so where a value is estimated or only a
bound. `unknown` says what is not known: repeat `say`, never fill it in. A missing value is missing, not
zero. `release` and `vintage` say as of when a number holds; `method` says how it was computed or judged;
`verdict` is a class with its probability and confidence, which belong together. Years on two sides of one of
`breaks` are not compared. A long answer comes in parts
of about 2,000 tokens: ask again with `offset` set to `next_offset`. Areas may be given by any English name
or code: Kenya, KEN, KE, 404, Africa, LDCs.
"""


class BoundedServer(MCPServer[Any]):
    """An MCP server whose error messages repeat only a bounded part of a rejected request."""

    async def call_tool(self, *positional: Any, **options: Any) -> Any:
        try:
            return await super().call_tool(*positional, **options)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            raise ToolError(bounded(visible(str(error)), MAX_ERROR)) from None


def server(home: Path) -> MCPServer[Any]:
    """Create the server over the latest release of COMPACT_HOME."""
    from importlib.metadata import version

    made = BoundedServer(
        "compact-tracker",
        title="Compact Tracker",
        instructions=INSTRUCTIONS,
        version=version("compact-tracker"),
        log_level="WARNING",
    )
    _add_tools(made, lambda: Release.latest(home))
    _add_prompts(made)
    _add_resources(made, lambda: Release.latest(home))
    return made


def _add_tools(made: MCPServer[Any], latest: Callable[[], Release]) -> None:
    def told(
        ask: Callable[..., dict[str, Any]], *positional: Any, offset: int = 0, **named: Any
    ) -> CallToolResult:
        return _result(lambda: ask(latest(), *map(_argument, positional), **named), offset)

    def search(text: str, offset: int = 0) -> CallToolResult:
        """Find indicators by words or by an agency's own code."""
        return told(answers.search, text, offset=offset)

    def about(indicator: str) -> CallToolResult:
        """What an indicator is: definition, target with its origin, formula, inputs, sources, coverage."""
        return told(answers.about, indicator)

    def show(indicator: str, area: str = "", year: int | None = None, offset: int = 0) -> CallToolResult:
        """Values of an indicator: the latest of each area, or of a year; with source, status, verdict."""
        return told(answers.show, indicator, area, year, offset=offset)

    def series(
        indicator: str,
        area: str,
        since: int | None = None,
        until: int | None = None,
        sex: str = "_T",
        offset: int = 0,
    ) -> CallToolResult:
        """Every year of an indicator for a country or group. sex: women, men or all; the total by default."""
        return told(answers.series, indicator, area, since, until, sex, offset=offset)

    def ranking(indicator: str, group: str = "", since: int | None = None, offset: int = 0) -> CallToolResult:
        """Countries by their newest value, the best first. group: only its members, such as Africa."""
        return told(answers.ranking, indicator, group, since, offset=offset)

    def progress(indicator: str, area: str, method: str = DEFAULT_METHOD) -> CallToolResult:
        """How likely an area is to meet the target, and how sure that is. method: empty for all of them."""
        return told(answers.progress, indicator, area, method)

    def projection(indicator: str, area: str, offset: int = 0) -> CallToolResult:
        """The years to the target, with intervals of 80 per cent; or why there are none."""
        return told(answers.projection, indicator, area, offset=offset)

    def gaps(indicator: str, area: str, offset: int = 0) -> CallToolResult:
        """Differences between women and men, towns and countryside and other groups, in one area."""
        return told(answers.gaps, indicator, area, offset=offset)

    def explain(indicator: str, area: str, year: int | None = None, sql: bool = False) -> CallToolResult:
        """Where a number comes from: formula with its numbers, observations, snapshots, SQL."""
        return told(answers.explain, indicator, area, year, sql=sql)

    def coverage(indicator: str = "", area: str = "", offset: int = 0) -> CallToolResult:
        """What data there is: for which countries of an indicator, or which indicators of a country."""
        return told(answers.coverage, indicator, area, offset=offset)

    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    for tool in (
        search, about, show, series, ranking, progress, projection, gaps, explain, coverage,
    ):  # fmt: skip
        made.add_tool(tool, annotations=reads, structured_output=False)


def _add_prompts(made: MCPServer[Any]) -> None:
    @made.prompt(title="Profile of a country or group")
    def profile(area: str) -> str:
        """How far an area is from the targets of the Compact, with sources."""
        return (
            f"Describe how far {_word(area)} is from the targets of the Global Digital Compact. "
            "Ask `coverage` for its indicators, then `progress` and `series` for the five most telling. "
            "Give each number with year, source and status, each verdict with probability and confidence, "
            "and say what is not known."
        )

    @made.prompt(title="Compare areas")
    def compare(indicator: str, areas: str) -> str:
        """One indicator in several areas."""
        return (
            f"Compare {_word(areas)} on {_word(indicator)}: `about` for what it measures, `show` and "
            "`series` for each area. Do not compare across a break in a series; name differences of year and "
            "status."
        )

    @made.prompt(title="Check a claim")
    def check_claim(claim: str) -> str:
        """Whether a sentence with a number holds."""
        return (
            f"Check this claim against the release: {_word(claim)} Find the indicator with `search`, the "
            "value with `show`, and its origin with `explain`. Answer holds, does not hold, or not known, "
            "with the number, its year, source and the release."
        )


def _add_resources(made: MCPServer[Any], latest: Callable[[], Release]) -> None:
    @made.resource("compact://release", title="The release", mime_type="application/json")
    def release() -> str:
        """Id, date, number of indicators, state of each source, and warnings of the latest release."""
        card = latest().metadata
        kept = {
            name: card[name]
            for name in ("id", "created", "indicators", "sources", "warnings")
            if name in card
        }
        return to_json(kept)

    @made.resource("compact://indicators", title="The indicators", mime_type="application/json")
    def indicators() -> str:
        """Id, title, unit and coverage of every indicator."""
        kept = ("indicator", "title", "unit_name", "countries_since_2015", "latest_year")
        return to_json([{name: row[name] for name in kept} for row in latest().indicators()])

    @made.resource("compact://method", title="How a verdict is reached", mime_type="text/markdown")
    def method() -> str:
        """The default method of assessment."""
        return (METHODS / f"{DEFAULT_METHOD}.md").read_text(encoding="utf-8")


def serve(home: Path) -> None:
    """Serve over standard input and output until the client hangs up."""
    Release.latest(home)  # fail at once if there is no release
    server(home).run("stdio")


def _word(text: str) -> str:
    """Validate an argument that is searched for and may be repeated in a result.

    Raises:
        CompactError: it is longer than any code, name or question needs.
    """
    if len(text) > MAX_ARGUMENT:
        raise CompactError(f"an argument has {len(text):,} characters", allowed=f"at most {MAX_ARGUMENT}")
    return visible(text)


def _argument(value: str | int | None) -> str | int | None:
    """Validate an argument: a word, or a year that the database can compare.

    Raises:
        CompactError: a word is too long, or a year has more than four digits.
    """
    if isinstance(value, str):
        return _word(value)
    if value is not None and abs(value) > MAX_YEAR:
        raise CompactError("a year has more than four digits", allowed=f"at most {MAX_YEAR}")
    return value


def _result(ask: Callable[[], dict[str, Any]], offset: int = 0) -> CallToolResult:
    """Return a result as JSON; an invalid request as an error that states the valid ones."""
    try:
        text, failed = to_json(part_of(ask(), offset)), False
    except CompactError as problem:
        text, failed = bounded(visible(str(problem)), MAX_ERROR), True
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)


def part_of(answer: dict[str, Any], offset: int) -> dict[str, Any]:
    """Return as many rows from an offset as the size allows, at least one, and the next offset.

    Raises:
        CompactError: the offset is beyond the last row.
    """
    rows = answer["answer"]
    if offset and not 0 < offset < len(rows):
        raise CompactError(
            f"there is no row {offset}", where="offset", allowed=f"0 to {max(len(rows) - 1, 0)}"
        )
    lists = {name: value for name, value in answer.items() if name != "answer" and isinstance(value, list)}
    room = SIZE - len(to_json({name: value for name, value in answer.items() if name != "answer"}))
    if lists and room < SIZE // 2:  # other lists in the result: their beginning, and their length
        for name, items in lists.items():
            answer |= {name: items[:10], f"{name}_total": len(items)}
        room = SIZE - len(to_json({name: value for name, value in answer.items() if name != "answer"}))
    kept: list[dict[str, Any]] = []
    for row in rows[offset:]:
        room -= len(to_json(row)) + 1
        if kept and room < 0:
            break
        kept.append(row)
    following = offset + len(kept)
    return answer | {
        "answer": kept,
        "offset": offset,
        "next_offset": following if following < len(rows) else None,
    }


def to_json(value: Any) -> str:
    return json.dumps(_without_nulls(value), ensure_ascii=False, default=_plain, separators=(",", ":"))


def _without_nulls(value: Any, top: bool = True) -> Any:
    """Remove null fields: an absent key means the same and is shorter."""
    if isinstance(value, dict):
        return {k: _without_nulls(v, False) for k, v in value.items() if top or v is not None}
    return [_without_nulls(one, False) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
