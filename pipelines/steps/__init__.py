"""The steps of a run as plain functions over a RunContext: fetch, stage, evaluate, check, release,
reports.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    as_of="rebuild",
    check="hold_offending_snapshots refusal",
    context="RunContext open_context",
    evaluate="Outcome expected_values missing_values",
    fetch="Prefetch usable",
    limits="UnfitSurroundings check_surroundings",
    release="find_unchanged write_release_tables",
    reports="ReportFiles build_site write_latest_reports write_reports",
    stage="Prestage current_tables",
    state="RunState",
    system_errors="SystemFault system_fault",
)
