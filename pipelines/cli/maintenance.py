"""The verbs that keep a store and its releases in order: `compact gc`, `sign` and `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.console.output import emit, note
from sources.settings import compact_home, load_settings

if TYPE_CHECKING:
    from warehouse.verification.signing import Signature

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReleaseId = Annotated[str | None, typer.Argument(help="A release id; the latest by default.")]


def gc(
    keep: Annotated[
        int | None,
        typer.Option(help="How many of the last releases to keep, instead of the policy's number."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be removed; remove nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what nothing needs: old releases by policy, stored pages, staged and evaluated tables."""
    from pipelines.maintenance.gc import collect

    found = collect(compact_home(), keep, dry_run=dry_run)
    rows: list[dict[str, Any]] = [vars(one) for one in found]
    emit(rows, as_json=as_json, empty="everything there is needed")
    freed = sum(one.bytes for one in found) / 1e6
    note(f"{freed:,.1f} MB in {len(found)} things {'would be' if dry_run else 'were'} freed")


def sign(
    release: ReleaseId = None,
    key: Annotated[
        Path | None, typer.Option(help="An ssh key; COMPACT_SIGNING_KEY by default.", metavar="FILE")
    ] = None,
) -> None:
    """Sign a release's checksums with an ssh key; `compact verify` checks the signature."""
    from schemas.errors import CompactError
    from warehouse.store.listing import open_release
    from warehouse.verification.signing import sign as make

    chosen = key or load_settings().signing_key
    if chosen is None:
        raise CompactError(
            "no key is given",
            where="--key",
            allowed="an ssh key",
            next_step="make one with `ssh-keygen -t ed25519`, and name it with --key or COMPACT_SIGNING_KEY",
        )
    folder = open_release(compact_home(), release)
    print(f"{folder.name} is signed: {make(folder, chosen)}")


def verify(release: ReleaseId = None, as_json: Json = False) -> None:
    """Re-check a release: checksums, signature, contracts, ledger, links to snapshots, stored bytes. Also of
    a store: the latest at s3://BUCKET/PREFIX."""
    if release and "://" in release:
        from warehouse.remote.transfer import brought

        with brought(release) as folder:
            _verify(folder, as_json)
    else:
        from warehouse.store.listing import open_release

        _verify(open_release(compact_home(), release), as_json)


def _verify(folder: Path, as_json: bool) -> None:
    from warehouse.verification.verify import store_findings, verify_release

    found = verify_release(folder)
    if (compact_home() / "snapshots").is_dir():
        from sources.snapshots.store import Store

        found += (
            []
            if any(one.file == "snapshot.parquet" for one in found)
            else store_findings(folder, Store(compact_home()))
        )
    else:
        note("the store of snapshots is not here, so the bytes themselves were not checked")
    findings = [vars(finding) for finding in found]
    signature, strict = _signature(folder)
    note(signature.what)
    if signature.state == "invalid" or (strict and signature.state != "valid"):
        findings.append({"file": "SHA256SUMS.sig", "check": signature.state, "what": signature.what})
    emit(findings, as_json=as_json, empty=f"{folder.name} is whole")
    raise typer.Exit(1 if findings else 0)


def _signature(folder: Path) -> tuple[Signature, bool]:
    """What the signature is worth, and whether one is asked for: whoever names signers wants a signature of
    theirs."""
    from warehouse.verification.signing import check_signature

    signers = load_settings().signers
    return check_signature(folder, signers), signers is not None
