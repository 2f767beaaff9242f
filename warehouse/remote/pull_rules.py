"""Rules for making a store's release the latest one here, and its line in the history.

They apply to every pull, even of a release that already exists here. transfer.py copies the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.display import counted
from schemas.errors import CompactError
from warehouse.store.publish import read_release_metadata
from warehouse.verification.signing import Signature, check_signature
from warehouse.verification.verify import verify_release


def judge(folder: Path, release_id: str, where: str, signers: Path | None) -> Signature:
    """Check the release's signature; raise if the release may not be accepted."""
    if findings := verify_release(folder, release_id):
        raise CompactError(
            f"the release is damaged in {counted(len(findings), 'place')}: {findings[0]}",
            where=where,
            next_step="`compact verify` with this address lists them; publish it again from a whole one",
        )
    signature = check_signature(folder, signers)
    if signature.state == "invalid" or (signers and signature.state != "valid"):
        raise CompactError(
            signature.what, where=where, next_step="ask who publishes there; nothing was taken"
        )
    return signature


def refuse_older(folder: Path, before: Path | None, where: str, withdrawn: Mapping[str, Any]) -> None:
    """Raise CompactError if following the store would undo corrections or an operator's decision.

    Args:
        folder: the release that the store's `latest` names.
        before: the latest release here.
        where: the store, for the message.
        withdrawn: the releases that an operator withdrew here.
    """
    if before is None:
        return
    here, there = read_release_metadata(before), read_release_metadata(folder)
    if there["id"] in withdrawn:
        raise CompactError(
            f"the store's `latest` names {there['id']}, which was withdrawn here: "
            f"{withdrawn[there['id']]['reason']}",
            where=where,
            allowed="a release that was not withdrawn, or --back",
            next_step="`compact pull --back` follows the store all the same",
        )
    if _created(there) < _created(here):
        raise CompactError(
            f"the store's `latest` names {there['id']}, which is older than {here['id']}, the latest here",
            where=where,
            allowed="a newer release, or --back",
            next_step="ask who publishes there whether that is meant; `compact pull --back` follows it",
        )


def _created(card: Mapping[str, Any]) -> datetime:
    created = datetime.fromisoformat(card["created"])
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def pull_event(
    before: Path | None, release_id: str, store: str, signature: Signature, by: str, now: datetime | None
) -> dict[str, Any]:
    """Return the line in the history."""
    return {
        "event": "pulled",
        "at": (now or datetime.now(UTC)).astimezone(UTC).isoformat(),
        "from": before.name if before else None,
        "to": release_id,
        "withdrawn": [],
        "reason": f"pulled from {store}",
        "signature": signature.state,
        "signer": signature.who,
        "by": by,
    }
