"""The lock is as it should be, and the audit sees what is not: `make audit`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit import LOCKS, PROJECT, group_of, main, read_lock, review
from tests.unit.local_agency import LocalAgency, Reply

SHA = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_dependency_is_locked_with_its_hash(lock: Path) -> None:
    project = PROJECT.read_text(encoding="utf-8")
    count, wrong = review(lock.read_text(encoding="utf-8"), project, group_of(lock))
    assert wrong == []
    assert count > 100 or group_of(lock)


def test_a_group_with_a_lock_of_its_own_is_held_against_that() -> None:
    project = '[project]\ndependencies = ["a"]\n[dependency-groups]\ndev = []\nspark = ["b>=2"]\n'
    assert review(f"a==1 {SHA}\n", project) == (1, [])
    assert review(f"b==2 {SHA}\n", project, group_of(Path("requirements-spark.lock"))) == (1, [])
    assert review(f"b==1 {SHA}\n", project, "spark")[1] == ["b is locked at 1, and pyproject.toml says b>=2"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("requests==2.34.0", "has no sha256"),
        (f"requests==2.34.0 {SHA} --hash=md5:00", "has no sha256"),
        (f"requests>=2.34 {SHA}", "is not pinned"),
        ("requests @ https://a.example/requests.whl", "is not pinned"),
        ("git+https://a.example/requests.git", "is not pinned"),
        ("--index-url https://a.example", "is not pinned"),
    ],
)
def test_what_could_bring_other_code_is_found(line: str, what: str) -> None:
    assert [what in one for one in read_lock(f"{line}\n")[1]] == [True]


def test_a_dependency_that_is_not_locked_or_at_another_version_is_found() -> None:
    project = '[project]\ndependencies = ["a>=2", "b>=1"]\n[dependency-groups]\ndev = ["c"]\n'
    lock = f"a==1.0 {SHA}\nb==1.0 ; python_version < '3.12' {SHA}\nb==2.0 ; python_version >= '3.12' {SHA}\n"
    assert review(lock, project, "dev") == (
        2,
        [
            "a is locked at 1.0, and pyproject.toml says a>=2",
            "c is in pyproject.toml and not locked: run `make lock`",
        ],
    )


def test_the_runtime_lock_needs_no_development_package_and_both_agree() -> None:
    project = '[project]\ndependencies = ["a"]\n[dependency-groups]\nbuild = ["s"]\ndev = ["c"]\n'
    assert review(f"a==1 {SHA}\ns==1 {SHA}\n", project) == (2, [])
    runtime, development = (
        {one.name: one.version for one in read_lock((PROJECT.parent / name).read_text())[0]}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert {name: development.get(name) for name in runtime} == runtime
    assert not runtime.keys() & {"pytest", "hypothesis", "moto", "selenium", "mypy"}


def audited(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> str:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"left-pad==1.0 {SHA}\n", encoding="utf-8")
    assert main(["--lock", str(lock), "--osv-url", url]) == 1, "nothing of pyproject.toml is locked there"
    return capsys.readouterr().out


def test_a_known_vulnerability_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    affected = {
        "package": {"name": "left-pad", "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        "versions": ["1.0"],
    }
    bug = {"id": "PYSEC-0000-1", "summary": "x", "details": "x", "affected": [affected]}
    with LocalAgency(Reply(json.dumps({"vulns": [bug]}).encode())) as agency:
        said = audited(tmp_path, f"{agency.url}/v1/query", capsys)
    assert "left-pad 1.0: PYSEC-0000-1, fixed in 1.1\nknown vulnerabilities: 1\n" in said


def test_a_database_that_cannot_be_asked_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = audited(tmp_path, "http://127.0.0.1:9/v1/query", capsys)
    assert "known vulnerabilities: NOT CHECKED, http://127.0.0.1:9/v1/query cannot be asked" in said
