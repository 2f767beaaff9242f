"""The cheapest question to an agency: has it anything newer than what is stored?

Asked at the beginning of a fetch, and by itself by whoever only wants to know whether a run is worth it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.definitions.source import Source
from sources.http.content import bad, parse_json
from sources.http.session import CachedPage, Session
from sources.model import InvalidResponse
from sources.readers_protocol import Reader
from sources.settings import url_override
from sources.snapshots.store import Store

FRESHNESS_SECONDS = (
    15.0  # the cheapest question there is: slower than this, the agency is out of reach for now
)


def named_release(source: Source, reader: Reader, session: Session) -> str | None:
    """What the agency calls its present release, if the source says where that stands."""
    freshness = source.freshness
    if freshness is None or not getattr(reader, "has_release", lambda _: True)(source):
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
    """The value at a JSON pointer (RFC 6901). Raises LookupError where there is none."""
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
    """What an agency said. changed: there is something that is not stored; mark: the same for the same news,
    so that nobody is sent for it twice; why: in words."""

    changed: bool
    mark: str
    why: str


def has_question(source: Source) -> bool:
    """Whether there is a cheap question: a release that the agency names, or validators of its files."""
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
    """Ask once, without a second attempt. Raises SourceUnavailable, and InvalidResponse where no release is
    named.

    optional: series that the agency may not have, and that are no news while it has none.
    """
    hurried = source.model_copy(
        update={"limits": source.limits.model_copy(update={"attempts": 1, "timeout_seconds": 15.0})}
    )
    own = session or Session(hurried, base_url=url_override(source.id))
    try:
        release = named_release(hurried, reader, own)
    finally:
        if session is None:
            own.close()
    if release is None:
        return _by_validators(hurried, store)
    stored = store.releases(source.id)
    keys = [
        resource.key
        for resource in reader.plan(source, series)
        if resource.key in stored or not set(resource.series) <= set(optional)
    ]
    behind = [key for key in keys if stored.get(key) != release]
    if not behind:
        return UpdateCheck(False, release, f"the agency's release is still {release}")
    return UpdateCheck(
        True, release, f"release {release}: {len(behind)} of {len(keys)} are not stored as of it"
    )


def _by_validators(source: Source, store: Store) -> UpdateCheck:
    """Whether every file is the one that is stored (RFC 9110, 304). Of a changed file one byte is read: any
    answer but 304 is for a run to look at."""
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
