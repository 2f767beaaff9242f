"""Settings from the environment: where things are kept, and where a source is asked. Nothing else is
configured there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """COMPACT_HOME (default ./data) holds snapshots, staged tables and releases; COMPACT_ENGINE names the SQL
    engine; COMPACT_REPORTS says whether a release gets site, briefs and workbook."""

    model_config = SettingsConfigDict(env_prefix="COMPACT_", extra="ignore")

    home: Path = Path("data")
    engine: Literal["duckdb", "spark"] = "duckdb"
    reports: Literal["all", "none"] = "all"


def url_override(source_id: str) -> str | None:
    """COMPACT_URL_<SOURCE_ID>: a mirror, a proxy or a stand-in to ask instead of the source's own address."""
    return os.environ.get(f"COMPACT_URL_{source_id.upper()}") or None
