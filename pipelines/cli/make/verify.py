"""The verbs that verify a release: `compact verify` and `sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note, say
from schemas.display import counted
from sources.settings import compact_home, load_settings

if TYPE_CHECKING:
    from warehouse.verification.finding import Finding
    from warehouse.verification.signing import Signature

ReleaseArgument = Annotated[str | None, typer.Argument(help="A release id; the latest by default.")]


def sign(
    release: ReleaseArgument = None,
    key: Annotated[
        Path | None, typer.Option(help="An ssh key; COMPACT_SIGNING_KEY by default.", metavar="FILE")
    ] = None,
    as_json: Json = False,
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
    written = make(folder, chosen)
    if as_json:
        emit_one({"release": folder.name, "signature": str(written)}, as_json=True)
    else:
        say(f"{folder.name} is signed: {written}")


def verify(
    release: ReleaseArgument = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Recompute every value, and restage every observation from the stored bytes."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify a release: checksums, signature, contracts, ledger, warehouse.duckdb, stored bytes, and values
    recomputed from their observations (a sample; --all for every value). Also the latest release of a store:
    s3://BUCKET/PREFIX."""
    if release and "://" in release:
        from warehouse.remote.transfer import brought

        with brought(release) as folder:
            _verify(folder, every, as_json)
    else:
        from warehouse.store.listing import open_release

        _verify(open_release(compact_home(), release), every, as_json)


def _verify(folder: Path, every: bool, as_json: bool) -> None:
    from warehouse.verification.verify import store_findings, verify_release

    problems = verify_release(folder)
    if (compact_home() / "snapshots").is_dir():
        from sources.snapshots.store import Store

        problems += (
            []
            if any(one.file == "snapshot.parquet" for one in problems)
            else store_findings(folder, Store(compact_home()))
        )
    else:
        note("the store of snapshots is not here, so the bytes themselves were not checked")
    problems += _recompute(folder, every, readable=not problems)
    findings = [vars(finding) for finding in problems]
    signature, strict = _signature(folder)
    note(signature.what)
    if signature.state == "invalid" or (strict and signature.state != "valid"):
        findings.append({"file": "SHA256SUMS.sig", "check": signature.state, "what": signature.what})
    emit(findings, as_json=as_json, empty=f"{folder.name} is whole")
    raise typer.Exit(1 if findings else 0)


def _recompute(folder: Path, every: bool, *, readable: bool) -> list[Finding]:
    """Return the values that differ when recomputed. readable: no other check of the tables failed."""
    if not readable:
        note("values were not recomputed: fix the findings first")
        return []
    from warehouse.verification.recompute import recompute

    values = recompute(folder, every=every)
    left_out = f"; {values.not_computed} need other countries' values" if values.not_computed else ""
    note(f"{counted(values.values, 'value')} recomputed from their inputs{left_out}")
    findings = values.findings
    if every and (compact_home() / "snapshots").is_dir():
        from pipelines.maintenance.restage import restage
        from sources.registry.sources import load_sources
        from sources.snapshots.store import Store

        observations = restage(folder, Store(compact_home()), load_sources())
        note(f"{counted(observations.rows, 'observation')} restaged from the stored bytes")
        for source_id, why in observations.left_out.items():
            note(f"{source_id} was not restaged: {why}")
        findings += observations.findings
    return findings


def _signature(folder: Path) -> tuple[Signature, bool]:
    """Check the signature. One is required as soon as signers are configured."""
    from warehouse.verification.signing import check_signature

    signers = load_settings().signers
    return check_signature(folder, signers), signers is not None
