"""`compact mcp`: the latest release for AI assistants, read-only, by the Model Context Protocol.

What is answered stands in pipelines/mcp/answers.py; here are the tools' names, their words for the
assistant, and
the transport. Each call reads the release that is the latest then.
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
from warehouse.store.listing import open_release

MAX_ARGUMENT = 200  # characters; the longest name of an area has 52, of an indicator 40
MAX_YEAR = 9_999
MAX_ERROR = 2_000  # characters of an error: what an assistant is told, it may repeat
INSTRUCTIONS = """\
Figures on how far every country is from the measurable targets of the UN Global Digital Compact, from
public statistics of UN agencies, the World Bank and others. Find an indicator with `search`, then ask for
values. With every number give its year, source and status; say so where a value is estimated or only a
bound. `unknown` says what is not known: repeat that, never fill it in. A missing value is missing, not
zero. `release` and `vintage` say as of when a number holds; `method` says how it was computed or judged.
Areas may be given by ISO 3166-1 alpha-3 code (KEN), by a group's code (M49:014, WB:SSF) or by English name.
"""


class BoundedServer(MCPServer[Any]):
    """Repeats of a request that it refuses, such as one for an unknown tool, no more than a bounded part."""

    async def call_tool(self, *given: Any, **options: Any) -> Any:
        try:
            return await super().call_tool(*given, **options)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            raise ToolError(bounded(visible(str(error)), MAX_ERROR)) from None


def server(home: Path) -> MCPServer[Any]:
    """The server over the latest release of COMPACT_HOME."""
    made = BoundedServer(
        "compact-tracker", title="Compact Tracker", instructions=INSTRUCTIONS, log_level="WARNING"
    )

    def latest() -> Path:
        return open_release(home).resolve()

    def search(text: str) -> CallToolResult:
        """Find indicators by words or by an agency's own code."""
        return _result(lambda: answers.search(latest(), _word(text)))

    def about(indicator: str) -> CallToolResult:
        """What an indicator is: definition, target with its origin, formula, inputs, sources, coverage."""
        return _result(lambda: answers.about(latest(), _word(indicator)))

    def show(indicator: str, area: str = "", year: int | None = None) -> CallToolResult:
        """Values of an indicator: the latest of each area, or those of a year; with source and status."""
        return _result(lambda: answers.show(latest(), _word(indicator), _word(area), _year(year)))

    def progress(indicator: str, area: str, method: str = DEFAULT_METHOD) -> CallToolResult:
        """How likely an area is to meet the target, and how sure that is. method: empty for all of them."""
        return _result(lambda: answers.progress(latest(), _word(indicator), _word(area), _word(method)))

    def gaps(indicator: str, area: str) -> CallToolResult:
        """Differences between women and men, towns and countryside and other groups, in one area."""
        return _result(lambda: answers.gaps(latest(), _word(indicator), _word(area)))

    def explain(indicator: str, area: str, year: int | None = None) -> CallToolResult:
        """Where a number comes from: formula with its numbers, observations, snapshots, checks and SQL."""
        return _result(lambda: answers.explain(latest(), _word(indicator), _word(area), _year(year), home))

    def coverage(indicator: str = "", area: str = "") -> CallToolResult:
        """What data there is: for which countries of an indicator, or which indicators of a country."""
        return _result(lambda: answers.coverage(latest(), _word(indicator), _word(area)))

    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    for tool in (search, about, show, progress, gaps, explain, coverage):
        made.add_tool(tool, annotations=reads, structured_output=False)
    return made


def serve(home: Path) -> None:
    """Serve over standard input and output until the client hangs up."""
    open_release(home)  # without a release there is nothing to serve, and that is said at once
    server(home).run("stdio")


def _word(text: str) -> str:
    """An argument as it may be searched for and repeated in an answer.

    Raises:
        CompactError: it is longer than any code, name or question needs.
    """
    if len(text) > MAX_ARGUMENT:
        raise CompactError(f"an argument has {len(text):,} characters", allowed=f"at most {MAX_ARGUMENT}")
    return visible(text)


def _year(year: int | None) -> int | None:
    """A year as the database may compare it.

    Raises:
        CompactError: it has more digits than a year.
    """
    if year is not None and abs(year) > MAX_YEAR:
        raise CompactError("a year has more than four digits", allowed=f"at most {MAX_YEAR}")
    return year


def _result(ask: Callable[[], dict[str, Any]]) -> CallToolResult:
    """An answer as JSON; a question that cannot be answered as an error that says what can be asked."""
    try:
        text, failed = json.dumps(ask(), ensure_ascii=False, default=_plain), False
    except CompactError as problem:
        text, failed = bounded(visible(str(problem)), MAX_ERROR), True
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
