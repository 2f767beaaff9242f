"""The one way to read a release from Python: `Release`, which command line, MCP server and notebooks use.

The queries are in warehouse/query and warehouse/provenance; this package parses arguments and formats
results.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    profile="Profile",
    release="Release",
    result="Result",
)
