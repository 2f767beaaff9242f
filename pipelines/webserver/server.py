"""Dagster's web server with the guard in front: `python -m pipelines.webserver.server -w workspace.yaml`.

Replaces `dagster-webserver`, which has no such settings. The guard's rules are in guard.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvicorn
from dagster._core.instance import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.version import __version__
from dagster_webserver.webserver import DagsterWebserver

from pipelines.webserver.guard import LOOPBACK_HOSTS, MIN_TOKEN_LENGTH, Access, Guard
from schemas.errors import CompactError
from sources.settings import load_settings

STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, MAX_OVERFLOW = 15_000, 3_600, 20  # dagster-webserver's own
POLL_MS = 2_000


def serve(workspace: str, host: str, port: int, access: Access) -> None:
    """Serve the web interface until the process receives a signal to stop.

    Args:
        workspace: path of Dagster's workspace.yaml.
        host: address to listen on.
        port: port to listen on.
        access: the access rules.
    """
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, MAX_OVERFLOW)
        with WorkspaceProcessContext(
            instance, workspace_load_target=WorkspaceFileTarget([workspace]), version=__version__
        ) as context:
            app = DagsterWebserver(context, live_data_poll_rate=POLL_MS).create_asgi_app()
            uvicorn.run(Guard(app, access), host=host, port=port, log_level="warning", server_header=False)


def access_from(hosts: str, token: str, listen: str) -> Access:
    """Derive the access rules from the settings.

    Args:
        hosts: COMPACT_UI_HOSTS, names separated by commas.
        token: COMPACT_UI_TOKEN; empty for none.
        listen: the address the server listens on.

    Raises:
        CompactError: the token is too short, or missing although other machines can connect.
    """
    names = frozenset(name.strip().lower() for name in hosts.split(",") if name.strip())
    problem = ""
    if not token and listen not in LOOPBACK_HOSTS:
        problem = f"COMPACT_UI_TOKEN is not set, and {listen} can be reached from other machines"
    elif token and len(token) < MIN_TOKEN_LENGTH:
        problem = f"COMPACT_UI_TOKEN has fewer than {MIN_TOKEN_LENGTH} characters"
    if problem:
        raise CompactError(
            problem,
            where="COMPACT_UI_TOKEN",
            allowed=f"a random text of {MIN_TOKEN_LENGTH} characters or more",
            next_step="`python -c 'import secrets; print(secrets.token_urlsafe(32))'` makes one",
        )
    return Access(names, token or None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.webserver", description=__doc__, add_help=False
    )
    parser.add_argument("--help", action="help")
    parser.add_argument("-w", "--workspace", required=True)
    parser.add_argument("-h", "--host", default="127.0.0.1")
    parser.add_argument("-p", "--port", type=int, default=3000)
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        token = settings.ui_token.get_secret_value() if settings.ui_token else ""
        access = access_from(settings.ui_hosts, token, options.host)
    except CompactError as problem:
        print(problem, file=sys.stderr)
        return 2
    serve(options.workspace, options.host, options.port, access)
    return 0
