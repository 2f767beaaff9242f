"""The web interface behind a guard: who may speak to Dagster's web server, and from where.

`guard` knows HTTP alone; `server` puts it in front of Dagster's web server; `ui` starts web server, code
server and daemon together for one machine. What the web interface shows is in pipelines/defs.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    local_ui="run_local_ui",
)
