"""`compact ui`: the Dagster UI on this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sources.settings import compact_home, pass_home_on


def ui(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI on the assets of this checkout. Requests from other sites are denied."""
    from pipelines.dagster_instance.home import prepare

    os.environ["DAGSTER_HOME"] = str(prepare(compact_home()))
    pass_home_on(compact_home())
    from pipelines.webserver.local_ui import run_local_ui

    raise typer.Exit(run_local_ui(port))
