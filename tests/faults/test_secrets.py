"""Every secret of the settings, planted: none appears in a file of the home, in the published release, or
in the output, however a run ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.cli import app as cli
from pipelines.cli.make.run_summary import tell
from sources.settings import Settings
from tests.faults.tiny_bank import TinyBank, of_bank
from tests.unit.local_agency import LocalAgency, Reply
from tests.unit.test_secret import _plain as plain
from warehouse.store.publish import latest_release

PLANTED = "planted-secret"
SETTINGS = {
    "COMPACT_ALERT_SMTP": "127.0.0.1:9",
    "COMPACT_ALERT_FROM": "tracker@example.org",
    "COMPACT_ALERT_TO": "analyst@example.org",
    "COMPACT_ALERT_SMTP_USER": "tracker",
    "COMPACT_ALERT_SMTP_PASSWORD": f"{PLANTED}-of-the-mail",
    "COMPACT_KEY_GIGA": f"{PLANTED}-of-an-agency",
    "COMPACT_POSTGRES_URL": f"postgresql+psycopg2://compact:{PLANTED}-of-the-database@127.0.0.1:9/compact",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": f"{PLANTED}-of-the-store",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "COMPACT_LOG": "json",
}


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyBank]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    with TinyBank() as made, LocalAgency(Reply(b"no", status=500)) as hook:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", made.url)
        monkeypatch.setenv("COMPACT_ALERT_WEBHOOK", f"{hook.url}/{PLANTED}-of-the-hook")
        yield made


def leaks(folder: Path) -> list[str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 50
    return [str(path.relative_to(folder)) for path in files if PLANTED.encode() in plain(path)]


def test_no_secret_of_any_setting_is_written_or_said(
    bank: TinyBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert tell(of_bank(home).run()) == 0
    bank.next_release()
    bank.figures["UGA", 2023] = 133.0  # a run that is red, with alerts that cannot be sent
    made = of_bank(home)
    assert tell(made.run()) == 1
    monkeypatch.setenv("COMPACT_HOME", str(home))
    for arguments in (["status"], ["alert"], ["publish", "s3://bucket/releases"], ["verify", "--json"]):
        monkeypatch.setattr("sys.argv", ["compact", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
    said = capfd.readouterr()
    assert "cannot" in said.err or "did not" in said.err
    assert PLANTED not in said.out + said.err
    assert latest_release(home) is not None
    assert leaks(home) == []


def test_an_address_with_a_password_is_refused_without_repeating_it(
    bank: TinyBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    address = bank.url.replace("http://", f"http://user:{PLANTED}-in-an-address@")
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", address)
    monkeypatch.setenv("COMPACT_ALLOW_INSECURE", "1")  # what is under test is the password
    made = of_bank(tmp_path)
    assert tell(made.run()) == 1
    assert "worldbank_wdi cannot be asked at this address" in made.problems[0].what
    said = capfd.readouterr()
    assert PLANTED not in " ".join(map(str, made.problems))
    assert PLANTED not in said.out + said.err
    assert bank.paths() == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if PLANTED.encode() in plain(path)] == []


def test_settings_do_not_show_their_secrets(bank: TinyBank, tmp_path: Path) -> None:
    assert PLANTED not in repr(Settings(home=tmp_path))
    assert PLANTED not in repr(vars(of_bank(tmp_path)))
