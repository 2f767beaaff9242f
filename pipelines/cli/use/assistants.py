"""`compact mcp`: the server for AI assistants."""

from __future__ import annotations

from sources.settings import compact_home


def mcp() -> None:
    """Serve the latest release to AI assistants, read-only, over standard input and output (MCP)."""
    from pipelines.mcp.server import serve

    serve(compact_home())
