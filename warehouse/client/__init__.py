"""The one way to read a release from Python: `Release`, which command line, MCP server and notebooks use.

What is asked of the tables is in warehouse/query and warehouse/provenance; here are the arguments that a
person gives and the form of the answers.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    profile="Profile",
    release="Release",
    result="Result",
)
