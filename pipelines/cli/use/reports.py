"""`compact report`: show, rebuild or serve the site, briefs and workbook of a release.

A release never changes: rebuilt reports go to COMPACT_HOME/reports/<release>, or to a folder of the user's
choice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.console.output import emit, note, say
from schemas.errors import CompactError
from sources.settings import compact_home

FOLDER = "reports"  # below COMPACT_HOME


def report(
    area: Annotated[
        list[str] | None,
        typer.Option(help="Only the brief of this area: ISO3 or a group's code; may be repeated."),
    ] = None,
    language: Annotated[str, typer.Option(help="Of the briefs: en, fr or es.")] = "en",
    release: Annotated[str | None, typer.Option(help="A release id; the latest by default.")] = None,
    as_of: Annotated[str, typer.Option(help="Of the release that was the latest then.", metavar="DATE")] = "",
    out: Annotated[Path | None, typer.Option(help="Where to write; COMPACT_HOME/reports/<release>.")] = None,
    serve: Annotated[
        int | None, typer.Option(help="Serve what the release has on this port of 127.0.0.1; 0: a free one.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only the site's pages of this indicator; may be repeated.", metavar="ID"),
    ] = None,
    csv: Annotated[bool, typer.Option(help="Write the tables as CSV instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Build the site, briefs and workbook of a release in a separate folder, or serve its own."""
    home = compact_home()
    folder = _release(home, release, as_of)
    to = out or home / FOLDER / folder.name
    if to.resolve().is_relative_to(folder.resolve()):
        raise CompactError(
            "reports cannot be written into a release, which never changes", where="--out",
            next_step="name another folder",
        )  # fmt: skip
    if csv:
        emit(_csv(folder, to / "csv"), as_json=as_json)
    elif only:
        emit([_pages(folder, to, only)], as_json=as_json)
    elif area:
        emit(_briefs(folder, to, area, language), as_json=as_json)
    elif serve is not None:
        if (folder / "site" / "index.html").is_file():
            _serve(folder, serve)
        else:
            note(f"release {folder.name} has no site; making it in {to}")
            _all(folder, to, language)
            _serve(to, serve)
    else:
        emit(_all(folder, to, language), as_json=as_json)


def _release(home: Path, release: str | None, as_of: str) -> Path:
    from warehouse.store.listing import open_release

    if not as_of:
        return open_release(home, release).resolve()
    if release:
        raise CompactError(
            "--release and --as-of name two releases", where="--as-of", next_step="give one of them"
        )
    from warehouse.store.listing import moment, release_as_of

    return release_as_of(home, moment(as_of)).resolve()


def _csv(folder: Path, to: Path) -> list[dict[str, Any]]:
    """Write every table as CSV; return the files written."""
    from reports.csv.tables import build

    return [_row(f"table {path.stem}", path) for path in build(folder, to)]


def _pages(folder: Path, to: Path, only: list[str]) -> dict[str, Any]:
    """Rebuild the pages and data of some indicators; the first time, the whole site."""
    from pipelines.steps.reports import build_site

    whole = not (to / "site" / "index.html").is_file()
    made = build_site(folder, to / "site", None if whole else set(only))
    return {"report": "site" if whole else "pages", "path": str(to / "site"), "pages": made.pages}


def _briefs(folder: Path, to: Path, areas: list[str], language: str) -> list[dict[str, Any]]:
    """Write some briefs; return the files written."""
    from reports.brief import build

    briefs = to / "briefs" if language == "en" else to / "briefs" / language
    build(folder, briefs, areas, language)
    names = [code.replace(":", "-") for code in dict.fromkeys(areas)]
    return [_row(f"brief {name}", briefs / f"{name}.pdf") for name in names]


def _all(folder: Path, to: Path, language: str) -> list[dict[str, Any]]:
    """Write all reports; return the files written."""
    from pipelines.steps.reports import write_reports
    from reports.workbook.writer import NAME

    to.mkdir(parents=True, exist_ok=True)
    write_reports(folder, to)
    if language != "en" and not (to / "briefs" / language).is_dir():  # of a demonstration
        from reports.brief import build

        build(folder, to / "briefs" / language, language=language)
    return [_row("site", to / "site"), _row("briefs", to / "briefs"), _row("workbook", to / NAME)]


def _row(what: str, path: Path) -> dict[str, Any]:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {"report": what, "path": str(path), "bytes": sum(p.stat().st_size for p in files)}


def _serve(folder: Path, port: int) -> None:
    """Serve a folder on the loopback interface until interrupted. Raises CompactError if the port is
    taken.
    """
    import signal
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Suppress the log line of each request."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(folder)))
    except OSError as fault:
        raise CompactError(
            f"port {port} cannot be used: {fault.strerror}", where="--serve", next_step="name another, or 0"
        ) from None
    # a shell lets its background processes ignore interruptions
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with server:
        say(f"http://127.0.0.1:{server.server_address[1]}/site/index.html", flush=True)
        note("until it is interrupted (Ctrl+C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            note("stopped")
