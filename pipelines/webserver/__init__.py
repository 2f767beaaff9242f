"""Dagster's web interface behind a guard that controls access.

`guard` knows HTTP alone; `server` puts it in front of Dagster's web server; `ui` starts web server, code
server and daemon together for one machine. The assets that it shows are in pipelines/defs.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    local_ui="run_local_ui",
)
