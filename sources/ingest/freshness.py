"""The update check: the cheapest request that shows whether an agency has newer data than the store.

It is sent at the start of a fetch, and by sensors that only decide whether to start a run.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.definitions.source import Source
from sources.http.content import bad, parse_json
from sources.http.session import CachedPage, Session
from sources.model import InvalidResponse, Resource
from sources.readers_protocol import Reader
from sources.settings import url_override
from sources.snapshots.store import Store

FRESHNESS_SECONDS = 15.0  # a host that is slower for the cheapest request is unavailable for now


def named_release(
    source: Source, reader: Reader, session: Session, resources: Sequence[Resource]
) -> str | None:
    """Return the agency's name for its current release, if the source declares where to find it."""
    freshness = source.freshness
    if freshness is None or not getattr(reader, "has_release", lambda *_: True)(source, resources):
        return None
    page = session.get(freshness.path, timeout=min(FRESHNESS_SECONDS, source.limits.timeout_seconds))
    try:
        value = at_pointer(parse_json(page), freshness.pointer)
    except LookupError:
        raise bad(
            page,
            f"has nothing at {freshness.pointer}",
            allowed="a release or a date there",
            next_step="fix freshness in source.yaml: the agency's answer has another shape now",
        ) from None
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise bad(
            page,
            f"has {value!r:.60} at {freshness.pointer}",
            allowed="a text or a whole number",
            next_step="fix freshness.pointer in source.yaml",
        )
    return str(value)


def at_pointer(document: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer (RFC 6901). Raises LookupError if there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(name) if name.isdigit() else len(document)]
        elif isinstance(document, dict):
            document = document[name]
        else:
            raise LookupError(pointer)
    return document


@dataclass(frozen=True)
class UpdateCheck:
    """Result of an update check. changed: the agency has data that are not stored; mark: equal for the
    same update, so that it starts one run only; why: a sentence.
    """

    changed: bool
    mark: str
    why: str


def has_question(source: Source) -> bool:
    """Return whether the source has an update check: a named release, or validators of its files."""
    return bool(source.hosts) and (source.freshness is not None or source.validators)


def check_for_update(
    source: Source,
    series: Sequence[str],
    store: Store,
    reader: Reader,
    *,
    optional: Collection[str] = (),
    session: Session | None = None,
) -> UpdateCheck:
    """Check once for an update, without a retry. Raises SourceUnavailable, and InvalidResponse if no release
    is named.

    optional: series that the agency may lack, and that are not an update while it does.
    """
    hurried = source.model_copy(
        update={"limits": source.limits.model_copy(update={"attempts": 1, "timeout_seconds": 15.0})}
    )
    own = session or Session(hurried, base_url=url_override(source.id))
    resources = reader.plan(source, series)
    try:
        release = named_release(hurried, reader, own, resources)
    finally:
        if session is None:
            own.close()
    if release is None:
        return _by_validators(hurried, store)
    stored = store.releases(source.id)
    keys = [
        resource.key
        for resource in resources
        if resource.key in stored or not set(resource.series) <= set(optional)
    ]
    behind = [key for key in keys if stored.get(key) != release]
    if not behind:
        return UpdateCheck(False, release, f"the agency's release is still {release}")
    return UpdateCheck(
        True, release, f"release {release}: {len(behind)} of {len(keys)} are not stored as of it"
    )


def _by_validators(source: Source, store: Store) -> UpdateCheck:
    """Check whether every file is unchanged (RFC 9110, 304).

    Of a changed file one byte is read: a run handles any response other than 304.
    """
    live = store.live(source.id)
    mark = sha256(" ".join(sorted(s.snapshot for s in live.values())).encode()).hexdigest()[:12]
    pages = [p for s in live.values() for p in s.pages if p.etag or p.last_modified]
    if not pages:
        return UpdateCheck(
            not live, mark, "nothing is stored yet" if not live else "no validators are stored"
        )
    known = {page.url: CachedPage(page.etag, page.last_modified, bytes) for page in pages}
    one_byte = source.model_copy(update={"limits": source.limits.model_copy(update={"response_bytes": 1})})
    session = Session(one_byte, base_url=url_override(source.id), known=known)
    try:
        for url in known:
            if not url.startswith(session.base_url):
                return UpdateCheck(True, mark, "what is stored came from another address")
            session.get(url.removeprefix(session.base_url), timeout=FRESHNESS_SECONDS)
    except InvalidResponse:
        return UpdateCheck(True, mark, "a file is not the one that is stored")
    finally:
        session.close()
    return UpdateCheck(False, mark, "304: the files are those that are stored")
