"""Settings: one class for all variables, documented from it, and quick verbs that do not load it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import CompactError
from sources.settings import compact_home, load_settings, route_override, url_override

CHECKOUT = Path(__file__).parents[2]


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "ENGINE", "MEMORY", "LOG", "STORE", "ALERT_WEBHOOK"):
        monkeypatch.setenv(f"COMPACT_{name}", "")
    settings = load_settings()
    assert (settings.home, settings.engine, settings.log, settings.store) == (
        Path("data"), "duckdb", "file", "",
    )  # fmt: skip
    assert (settings.memory_bytes, settings.alert_webhook) == (2560 << 20, None)
    assert compact_home() == Path("data")


def test_the_home_is_the_same_with_and_without_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_HOME", "/somewhere/else")
    assert compact_home() == load_settings().home == Path("/somewhere/else")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMPACT_HOME", "s3://bucket/prefix"),
        ("COMPACT_ENGINE", "trino"),
        ("COMPACT_MEMORY", "lots"),
        ("COMPACT_LOG", "loud"),
        ("COMPACT_DEBUG", "perhaps"),
    ],
)
def test_a_value_that_is_not_valid_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CompactError) as caught:
        load_settings()
    assert caught.value.where == name
    assert value.partition(":")[0] in caught.value.what
    assert name in caught.value.next_step


def test_settings_of_spark_and_of_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_SPARK_CONF", "spark.ui.enabled=true; spark.driver.memory = 4g;")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://store.example.org")
    settings = load_settings()
    assert settings.spark_conf == {"spark.ui.enabled": "true", "spark.driver.memory": "4g"}
    assert settings.object_store_endpoint == "https://store.example.org"


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALERT_WEBHOOK", "ALERT_SMTP_USER", "ALERT_SMTP_PASSWORD"):
        monkeypatch.setenv(f"COMPACT_{name}", "planted-secret")
    assert "planted" not in repr(load_settings())


def test_variables_of_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_URL_UNSD_SDG", " http://127.0.0.1:9 ")
    monkeypatch.setenv("COMPACT_ROUTE_UNSD_SDG", "csv")
    assert (url_override("unsd_sdg"), route_override("unsd_sdg")) == ("http://127.0.0.1:9", "csv")
    assert (url_override("wid"), route_override("wid")) == (None, None)


def test_the_command_line_starts_without_pydantic() -> None:
    code = (
        "import sys; from pipelines.cli import app; from sources.settings import compact_home; "
        "compact_home(); print(sorted({'pydantic', 'requests', 'dagster', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert done.stdout.strip() == "[]"
