"""The verbs of a release store on S3: `compact publish` and `compact pull`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import Json, ReleaseId
from pipelines.console.output import emit_one, note, say
from sources.settings import compact_home, load_settings

Url = Annotated[
    str | None,
    typer.Argument(help="The store; COMPACT_STORE by default.", metavar="s3://BUCKET/PREFIX"),
]


def _store(url: str | None) -> str:
    return url or load_settings().store


def publish(
    url: Url = None,
    release: ReleaseId = None,
    back: Annotated[bool, typer.Option(help="Also where a newer release is the latest there.")] = False,
    as_json: Json = False,
) -> None:
    """Upload a release to an object store, verify it, and update the store's `latest`."""
    from warehouse.remote.transfer import publish_to
    from warehouse.store.listing import open_release

    done = publish_to(_store(url), open_release(compact_home(), release).resolve(), back=back, tell=note)
    if not done.conditional:
        note("this store knows no conditional put: publish to it from one place at a time")
    emit_one(vars(done), as_json=as_json)


def pull(
    url: Url = None,
    release: ReleaseId = None,
    back: Annotated[bool, typer.Option(help="Also where the latest release here is newer.")] = False,
    as_json: Json = False,
) -> None:
    """Download the latest release of a store, or another, into COMPACT_HOME, and verify it."""
    from pipelines.maintenance.accept import this_user
    from warehouse.remote.transfer import pull_from

    signers = load_settings().signers
    done = pull_from(_store(url), compact_home(), release, signers, back=back, by=this_user())
    if as_json:
        emit_one({"pulled": done}, as_json=True)
    else:
        say(done)
