"""The settings of the project as one class: names, types, defaults, meaning; docs/reference/settings.md
is generated from it.

Read it through `sources.settings.load_settings`. Importing this module takes a quarter of a second, so
nothing that only reads a release imports it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MEMORY = re.compile(r"([1-9][0-9]*) ?([MGT])iB")
MEMORY_LIMIT = "2560MiB"  # share of the 4 GiB that a current run may use
SHIFT = {"M": 20, "G": 30, "T": 40}


class Settings(BaseSettings):
    """COMPACT_* variables of the environment. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_prefix="COMPACT_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(
        default=Path("data"),
        description="snapshots, staged tables, evaluated indicators, releases, Dagster's records",
    )
    engine: Literal["duckdb", "spark"] = Field(default="duckdb", description="engine of the SQL models")
    memory: str = Field(
        default=MEMORY_LIMIT,
        description="memory that DuckDB keeps before it uses the disk: a whole number and MiB, GiB or TiB",
    )
    reports: Literal["all", "none"] = Field(
        default="all", description="`none` makes releases without site, briefs and workbook"
    )
    site_url: str = Field(
        default="",
        description="address at which the site is published; adds canonical links, cards and a sitemap",
    )
    log: Literal["file", "json", "off"] = Field(
        default="file", description="structured log: a file in `logs/`, JSON lines on stderr as well, or none"
    )
    debug: bool = Field(default=False, description="show tracebacks, like `--debug`")
    contact: str = Field(default="", description="how an agency can reach you; added to the User-Agent")
    store: str = Field(
        default="", description="object store of `compact publish` and `pull`: s3://BUCKET/PREFIX"
    )
    signing_key: Path | None = Field(default=None, description="ssh key of `compact sign`")
    signers: Path | None = Field(default=None, description="allowed signers of `compact verify` and `pull`")
    allow_insecure: bool = Field(
        default=False, description="plain http to another machine, like `compact run --allow-insecure`"
    )
    ui_hosts: str = Field(
        default="", description="names under which a proxy serves the web interface, separated by commas"
    )
    ui_token: SecretStr | None = Field(
        default=None, description="what a client must present to the web interface; 20 characters or more"
    )
    alert_webhook: SecretStr | None = Field(
        default=None, description="https address that receives alerts as JSON"
    )
    alert_smtp: str = Field(default="", description="mail server for alerts, host:port")
    alert_smtp_user: SecretStr | None = Field(default=None, description="user name on that server")
    alert_smtp_password: SecretStr | None = Field(default=None, description="password on that server")
    alert_from: str = Field(default="", description="sender of alerts")
    alert_to: str = Field(default="", description="recipient of alerts")
    spark_master: str = Field(
        default="local[*]", description="master of Spark: local[2], spark://host:7077, yarn"
    )
    spark_conf: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description="configuration of Spark: name=value;name=value"
    )
    object_store_endpoint: str = Field(
        default="",
        validation_alias=AliasChoices("AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        description="address of an S3-compatible store other than Amazon's",
    )

    @field_validator("home")
    @classmethod
    def _is_a_folder(cls, value: Path) -> Path:
        if ":/" in str(value):  # Path collapses two slashes into one
            raise ValueError("a folder, not an address")
        return value

    @field_validator("site_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s?#\"<>]+", value):
            raise ValueError("an address, as in https://example.org/tracker")
        return value.rstrip("/")

    @field_validator("memory")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        if not MEMORY.fullmatch(value):
            raise ValueError(f"a whole number and MiB, GiB or TiB, as in {MEMORY_LIMIT} or 8GiB")
        return value

    @field_validator("spark_conf", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = (pair.partition("=") for pair in value.split(";") if pair.strip())
        return {name.strip(): text.strip() for name, _, text in pairs}

    @property
    def memory_bytes(self) -> int:
        """Return the memory limit in bytes."""
        size = MEMORY.fullmatch(self.memory)
        assert size  # noqa: S101  # validated above
        return int(size[1]) << SHIFT[size[2]]


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"COMPACT_{name.upper()}"
