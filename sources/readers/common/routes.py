"""The route that a source uses: options.route, or COMPACT_ROUTE_<SOURCE_ID>."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.settings import route_override


def route_among(source: Source, routes: Iterable[str]) -> str:
    """Return the chosen route.

    Args:
        source: The source.
        routes: The routes of its reader.

    Raises:
        CompactError: The chosen route is not one of them.
    """
    override, known = route_override(source.id), list(routes)
    route = override or str(source.options["route"])
    if route not in known:
        raise CompactError(
            f"{source.id} has no route {route!r}",
            where=f"COMPACT_ROUTE_{source.id.upper()}"
            if override
            else f"sources/agencies/{source.id}/source.yaml: options.route",
            allowed=" or ".join(known),
            next_step="set one of them",
        )
    return route
