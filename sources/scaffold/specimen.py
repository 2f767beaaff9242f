"""The metadata of a recorded response: tests/specimens/<source>/<name>.specimen.json.

`compact new source` writes one; tests/specimen_files.py reads them.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from schemas.definitions.base import Model

SUFFIX = ".specimen.json"


class Specimen(Model):
    """Metadata of the recorded pages."""

    series: list[str] = Field(min_length=1, description="the series that the pages answer for")
    origin: str = Field(min_length=1, description="recorded, trimmed; or hand-made with invented figures")
    pages: list[str] = Field(min_length=1, description="the files in order, seen from this one")
    url: str = Field(default="", description="where the untrimmed answer came from")
    date: str = Field(default="", description="when")
    sha256: str = Field(default="", description="of the untrimmed answer")
    options: dict[str, Any] = Field(default={}, description="options of source.yaml that differ for it")
    contract: bool = Field(default=False, description="whether it has the structure of contract.json")
