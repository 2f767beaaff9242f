"""A signature is valid, unknown, broken or missing, and verify distinguishes these four."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from schemas.errors import CompactError
from warehouse.verification.signing import NAMESPACE, SIGNATURE, check_signature, sign

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def key(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        key(folder, name)
    public = (folder / "ours.pub").read_text(encoding="utf-8")
    (folder / "signers").write_text(f'office@example.org namespaces="{NAMESPACE}" {public}', encoding="utf-8")
    (folder / "other_purpose").write_text(f'office@example.org namespaces="git" {public}', encoding="utf-8")
    return folder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / "SHA256SUMS").write_text("00  a\n", encoding="utf-8")
    return tmp_path


def test_an_unsigned_release_is_said_to_be_so(release: Path, keys: Path) -> None:
    assert check_signature(release, keys / "signers").state == "unsigned"


def test_an_allowed_signer_is_known_by_name(release: Path, keys: Path) -> None:
    assert sign(release, keys / "ours").name == SIGNATURE
    signature = check_signature(release, keys / "signers")
    assert (signature.state, signature.who) == ("valid", "office@example.org")
    assert "SHA256:" in signature.what
    assert [path.name for path in release.glob(".*")] == []


def test_a_key_that_nobody_allowed_is_unknown(release: Path, keys: Path) -> None:
    sign(release, keys / "theirs")
    signature = check_signature(release, keys / "signers")
    assert (signature.state, signature.who) == ("unknown signer", None)
    sign(release, keys / "ours")
    assert check_signature(release, keys / "other_purpose").state == "unknown signer"
    signature = check_signature(release, None)
    assert signature.state == "unknown signer"
    assert "COMPACT_SIGNERS" in signature.what


def test_changed_checksums_or_a_changed_signature_are_invalid(release: Path, keys: Path) -> None:
    sign(release, keys / "ours")
    whole = (release / SIGNATURE).read_bytes()
    (release / "SHA256SUMS").write_text("01  a\n", encoding="utf-8")
    assert check_signature(release, keys / "signers").state == "invalid"
    (release / "SHA256SUMS").write_text("00  a\n", encoding="utf-8")
    assert check_signature(release, keys / "signers").state == "valid"
    for place in (40, len(whole) // 2):
        damaged = bytearray(whole)
        damaged[place] ^= 2
        (release / SIGNATURE).write_bytes(damaged)
        assert check_signature(release, keys / "signers").state == "invalid"


def test_a_missing_key_or_list_of_signers_says_what_to_do(release: Path, keys: Path) -> None:
    with pytest.raises(CompactError, match="there is no such key"):
        sign(release, keys / "none")
    with pytest.raises(CompactError, match="could not be signed"):
        sign(release, keys / "signers")
    sign(release, keys / "ours")
    with pytest.raises(CompactError, match="no such file of allowed signers"):
        check_signature(release, keys / "none")


@pytest.mark.slow
def test_verify_tells_them_apart(keys: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names signers wants a signature of theirs; without, an unsigned release is whole."""
    monkeypatch.setenv("COMPACT_HOME", str(tiny_release.parent.parent))
    invoke = CliRunner().invoke
    assert invoke(app, ["verify"]).exit_code == 0
    monkeypatch.setenv("COMPACT_SIGNERS", str(keys / "signers"))
    result = invoke(app, ["verify"])
    assert (result.exit_code, "unsigned" in result.stdout) == (1, True)
    monkeypatch.setenv("COMPACT_SIGNING_KEY", str(keys / "ours"))
    assert invoke(app, ["sign"]).exit_code == 0
    result = invoke(app, ["verify"])
    assert (result.exit_code, "signed by office@example.org" in result.stderr) == (0, True)
    assert invoke(app, ["sign", "--key", str(keys / "theirs")]).exit_code == 0
    result = invoke(app, ["verify"])
    assert (result.exit_code, "unknown signer" in result.stdout) == (1, True)
