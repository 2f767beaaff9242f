"""The signature of a release: SHA256SUMS signed with an ssh key (`ssh-keygen -Y sign`, OpenSSH 8.0 and
later), in SHA256SUMS.sig next to it. The allowed signers are in a file in the format of ssh-keygen(1).

As SHA256SUMS covers every other file, so does the signature. This module does not validate the signed
content.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schemas.errors import CompactError
from sources.snapshots.atomic import write_atomic
from warehouse.store.publish import SUMS

SIGNATURE = f"{SUMS}.sig"
NAMESPACE = "compact-tracker-release"  # a signature made for another purpose does not count
TOOL = "ssh-keygen"
SECONDS = 60.0  # ssh-keygen asks for a key's passphrase on the terminal

State = Literal["unsigned", "valid", "unknown signer", "invalid", "not checked"]


@dataclass(frozen=True)
class Signature:
    """Result of checking a release's signature. who: the signer by the name in the allowed-signers file;
    what: a sentence.
    """

    state: State
    what: str
    who: str | None = None


def sign(folder: Path, key: Path) -> Path:
    """Sign a release's checksums. key: a private key, or a public one whose private part the ssh agent has.
    Raises CompactError if the tool or the key cannot be used."""
    if shutil.which(TOOL) is None:
        raise CompactError(f"{TOOL} is not installed", next_step="install OpenSSH's client (openssh-client)")
    if not key.is_file():
        raise CompactError(
            "there is no such key",
            where=str(key),
            allowed="an ssh key, as `ssh-keygen -t ed25519` makes one",
            next_step="name it with --key or COMPACT_SIGNING_KEY",
        )
    done = _run("sign", "-f", str(key.resolve()), folder=folder)
    if done.returncode != 0:
        raise CompactError(
            f"the release could not be signed: {_said(done)}",
            where=str(key),
            next_step="try the key by hand: `ssh-keygen -y -f KEY`",
        )
    write_atomic(folder / SIGNATURE, done.stdout)
    return folder / SIGNATURE


def check_signature(folder: Path, signers: Path | None) -> Signature:
    """Check the signature. signers: the allowed-signers file; without one a signature can be found broken,
    but its signer is unknown.
    """
    if not (folder / SIGNATURE).is_file():
        return Signature("unsigned", "the release is not signed")
    if signers is not None and not signers.is_file():
        raise CompactError(
            "there is no such file of allowed signers",
            where=str(signers),
            allowed="lines as in ssh-keygen(1), ALLOWED SIGNERS: a name and a public key",
            next_step="set COMPACT_SIGNERS to the file, or unset it",
        )
    if shutil.which(TOOL) is None:
        return Signature("not checked", f"the release is signed, and {TOOL} is not here to check it")
    signature = ("-s", str((folder / SIGNATURE).resolve()))
    plain = _run("check-novalidate", *signature, folder=folder)
    if plain.returncode != 0:
        return Signature("invalid", f"the signature is not one of these checksums: {_said(plain)}")
    key = _said(plain).rpartition(" ")[2]
    if signers is None:
        return Signature("unknown signer", f"signed with key {key}; COMPACT_SIGNERS names no allowed signers")
    allowed = ("-f", str(signers.resolve()))
    for name in _run("find-principals", *signature, *allowed, folder=folder).stdout.decode().splitlines():
        if _run("verify", *signature, *allowed, "-I", name, folder=folder).returncode == 0:
            return Signature("valid", f"signed by {name} with key {key}", name)
    return Signature(
        "unknown signer", f"signed with key {key}, which is no allowed signer's in {signers.name}"
    )


def _run(what: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [TOOL, "-Y", what, "-n", NAMESPACE, *arguments]
    with (folder / SUMS).open("rb") as sums:
        return subprocess.run(command, stdin=sums, capture_output=True, check=False, timeout=SECONDS)  # noqa: S603


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines() or ["nothing"]
    return lines[-1].removesuffix("\r") if done.returncode else done.stdout.decode().strip()
