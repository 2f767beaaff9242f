"""A bucket on S3 or on what speaks its language: read an object, put one where none is, replace a version.

obstore does the talking: neither pyarrow's nor fsspec's file systems can make a put depend on what is there.
The keys and the address are the AWS_* variables, as docs/operations.md names them. What is kept in a bucket,
and in which order it is written, is in transfer.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from schemas.errors import CompactError
from sources.settings import load_settings

if TYPE_CHECKING:
    from obstore.store import S3Store

PLAIN_HTTP = {"127.0.0.1", "localhost", "::1"}
Version = dict[str, str]


class Remote:
    """A bucket and a prefix."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.store = _open(self.url)

    def read(self, name: str) -> bytes | None:
        """An object, or None where there is none."""
        stored = self.read_version(name)
        return stored[0] if stored else None

    def read_version(self, name: str) -> tuple[bytes, Version] | None:
        """An object, and what a later put must name to replace just this one."""
        import obstore

        try:
            with self._told(name):
                stored = obstore.get(self.store, name)
                body, meta = bytes(stored.bytes()), stored.meta
        except FileNotFoundError:
            return None
        version = {key: str(meta[key]) for key in ("e_tag", "version") if meta.get(key)}
        return body, version

    def create(self, name: str, body: bytes) -> bool:
        """Put an object where none is. False if there is one."""
        return self._put(name, body, "create")

    def replace(self, name: str, body: bytes, version: Version | None) -> tuple[bool, bool]:
        """Put an object in place of just that version, or where none is. Whether it was put, and whether the
        store kept to the condition; one that knows no conditions is told so and puts it all the same."""
        try:
            return self._put(name, body, version or "create"), True
        except NotImplementedError:
            return self._put(name, body, "overwrite"), False

    def _put(self, name: str, body: bytes, mode: Any) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with self._told(name):
                obstore.put(self.store, name, body, mode=mode, use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        return True

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """The store's faults in words; that something is there, or not, is no fault."""
        from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError, PreconditionError

        try:
            yield
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            raise
        except NotSupportedError:
            raise NotImplementedError from None
        except BaseError as error:
            if "NotImplemented" in str(error):
                raise NotImplementedError from None
            what = " ".join(str(error).split("Debug source")[0].split())[:300]
            raise CompactError(
                f"the store did not do what was asked: {what}",
                where=f"{self.url}/{name}",
                allowed="a bucket that the keys in AWS_ACCESS_KEY_ID and the like may read and write",
                next_step="`latest` there is as it was; publish again, what was sent is not sent twice",
            ) from None


def _open(url: str) -> S3Store:
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query:
        raise CompactError(
            f"{url or 'nothing'} is no address of a store",
            allowed="s3://BUCKET or s3://BUCKET/PREFIX",
            next_step="name one, or set COMPACT_STORE; any other store: copy the folder of releases",
        )
    from obstore.store import S3Store

    endpoint = load_settings().object_store_endpoint
    plain = endpoint.startswith("http://")
    if plain and urlsplit(endpoint).hostname not in PLAIN_HTTP:
        raise CompactError(
            "the keys of the store would go over the network unencrypted",
            where="AWS_ENDPOINT_URL",
            allowed="https, or this very machine",
            next_step="name an https address",
        )
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": plain, "timeout": "120s", "connect_timeout": "10s"},
        retry_config={"max_retries": 4},
    )
