"""The files of deploy/: systemd confinement of each unit, and equal confinement of every container."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))
EXPOSURE = 3.0  # below it, `systemd-analyze security` calls a unit well confined
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))[
    "services"
]


def read_unit(name: str) -> RawConfigParser:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / name, encoding="utf-8")
    return unit


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_confined(name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian's package systemd)")
    path = DEPLOY / "systemd" / name
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": ""},
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert level is not None, judged.stderr
    assert float(level[1]) < EXPOSURE


def test_every_unit_runs_as_an_ordinary_user_with_limits() -> None:
    assert len(UNITS) >= 5
    for name in UNITS:
        service = read_unit(name)["Service"]
        assert service["User"] == "compact"
        assert {"MemoryMax", "TasksMax", "CapabilityBoundingSet"} <= set(service)
    run = read_unit("compact-run.service")
    assert run["Service"]["TimeoutStartSec"] == "4h"
    assert run["Unit"]["OnFailure"] == "compact-alert.service"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].partition(":")[0] not in ("", "0", "root")
    assert {"mem_limit", "pids_limit", "healthcheck", "networks"} <= service.keys()


def test_images_are_named_by_digest_and_only_the_web_interface_is_published() -> None:
    whole = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert "@${POSTGRES_DIGEST:?" in SERVICES["postgres"]["image"]
    assert "@${PYTHON_DIGEST}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "PYTHON_DIGEST" in SERVICES["code"]["build"]["args"]
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"webserver"}
    assert whole["networks"]["inside"]["internal"] is True
    outside = {name for name, service in SERVICES.items() if set(service["networks"]) - {"inside"}}
    assert outside == {"code", "webserver"}
    assert "COMPACT_UI_TOKEN" in SERVICES["webserver"]["environment"]


def test_the_password_is_no_part_of_an_address() -> None:
    for path in [DEPLOY / "compose.yaml", *DEPLOY.glob("*.env.example")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "postgresql+psycopg2://" in line:
                assert re.search(r"://compact@", line), f"{path.name}: {line}"


def test_the_examples_name_what_the_units_read() -> None:
    read = {
        Path(value.removeprefix("-")).name
        for name in UNITS
        for value in re.findall(
            r"^EnvironmentFile=(.+)$", (DEPLOY / "systemd" / name).read_text(encoding="utf-8"), re.M
        )
    }
    assert read == {path.name.removesuffix(".example") for path in DEPLOY.glob("*.env.example")}
