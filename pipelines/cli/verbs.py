"""The verbs in the order of use: group, one line of help, and the module and function of each.

A verb's own help is the docstring of its function.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One verb. place: module below pipelines.cli and function; hidden: works, but is not listed."""

    name: str
    line: str
    place: str
    hidden: bool = False

    @property
    def module(self) -> str:
        """Module that has the function."""
        return f"pipelines.cli.{self.place.partition(':')[0]}"

    @property
    def function(self) -> str:
        """Name of the function, or of the application of a verb that has verbs of its own."""
        return self.place.partition(":")[2]


GROUPS: dict[str, tuple[Verb, ...]] = {
    "Use the data": (
        Verb("search", "Find indicators and agencies' series by words or by code.", "use.catalogue:search"),
        Verb("list", "List the indicators, with their coverage.", "use.catalogue:list_indicators"),
        Verb("about", "Describe an indicator: definition, target, sources, coverage.", "use.catalogue:about"),
        Verb("areas", "Find countries and groups by name or code.", "use.catalogue:areas"),
        Verb("units", "List the units of measure.", "use.catalogue:units"),
        Verb("show", "Show the latest value of an indicator, with its verdict.", "use.figures:show"),
        Verb("data", "Print or write series: areas, years, sex, CSV, Parquet.", "use.figures:data"),
        Verb("rank", "Rank countries by their latest value.", "use.figures:rank"),
        Verb("explain", "Trace a value to the bytes that it was read from.", "use.history:explain"),
        Verb("revisions", "Show how a value changed over releases.", "use.history:revisions"),
        Verb("diff", "Compare two releases.", "use.history:diff"),
        Verb("report", "Make or serve the site, briefs, workbook or CSV.", "use.reports:report"),
        Verb("export", "Write a release for another program: SDMX, lake, SQL.", "use.export:export"),
        Verb("mcp", "Serve the latest release to AI assistants (MCP).", "use.assistants:mcp"),
    ),
    "Make a release": (
        Verb("run", "Fetch what changed, compute, check and release.", "make.run:run"),
        Verb("status", "Show sources, last run and release; what needs action.", "operate.status:status"),
        Verb("accept", "Accept a held snapshot, with a reason.", "make.releases:accept"),
        Verb("releases", "List the kept releases.", "make.releases:releases"),
        Verb("verify", "Verify a release to its last value.", "make.verify:verify"),
        Verb("sign", "Sign a release with an ssh key.", "make.verify:sign"),
        Verb("publish", "Upload a release to an object store.", "make.remote:publish"),
        Verb("pull", "Download a release from an object store.", "make.remote:pull"),
        Verb("rollback", "Point `latest` to an earlier release.", "make.releases:rollback"),
    ),
    "Extend": (
        Verb("new", "Write the files of a new indicator or source.", "extend.new:app"),
        Verb("check", "Check the definition files; --fix repairs plain slips.", "extend.check:check"),
        Verb("preview", "Compute a draft indicator without releasing it.", "extend.indicators:preview"),
        Verb("why", "Explain why an indicator would be recomputed.", "extend.indicators:why"),
        Verb("contracts", "Ask agencies whether their format still holds.", "extend.sources:contracts"),
        Verb("import", "Take in a stakeholder's figures.", "extend.contributions:import_contribution"),
    ),
    "Operate": (
        Verb("ui", "Open the Dagster UI on this machine.", "operate.ui:ui"),
        Verb("alert", "Send what needs action to the configured receivers.", "operate.status:alert"),
        Verb("backup", "Copy the store to a backup folder.", "operate.maintenance:backup"),
        Verb("restore", "Restore a backup into an empty COMPACT_HOME.", "operate.maintenance:restore"),
        Verb("gc", "Delete what no kept release needs.", "operate.maintenance:gc"),
        Verb("completion", "Print the completion script of a shell.", "operate.completion:completion"),
        Verb("backtest", "Measure projections against the past.", "operate.backtest:backtest", hidden=True),
    ),
}  # fmt: skip

VERBS: dict[str, Verb] = {verb.name: verb for group in GROUPS.values() for verb in group}

EXIT_CODES = """\
Exit codes: 0 success; 1 a problem was found, or nothing was; 2 it could not run; 130 interrupted (Ctrl-C);
143 terminated (SIGTERM)."""


def overview() -> str:
    """Return the text of `compact --help`."""
    longest = max(len(verb.name) for verb in VERBS.values())
    lines = [
        "Usage: compact [--debug] [--version] VERB [OPTIONS]",
        "",
        "How far every country is from the measurable targets of the UN Global Digital Compact.",
    ]
    for title, verbs in GROUPS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {verb.name:<{longest}}  {verb.line}" for verb in verbs if not verb.hidden]
    lines += [
        "",
        "Options:",
        "  --debug    Show tracebacks.",
        "  --version  Print the version.",
        "  --help     Print this, or with a verb its options.",
        "",
        "Areas are given by any name or code: Kenya, KEN, KE, 404, Africa, LDCs.",
        EXIT_CODES,
    ]
    return "\n".join(lines)
