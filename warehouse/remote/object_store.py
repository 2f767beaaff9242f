"""A bucket on S3 or a compatible store: read an object, create one, replace a version.

It uses obstore, since the file systems of pyarrow and fsspec have no conditional put. Keys and endpoint are
the AWS_* variables, see docs/operations.md. transfer.py defines the content of a bucket and the order of
writes.
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
        """Read an object; None if it does not exist."""
        stored = self.read_version(name)
        return stored[0] if stored else None

    def read_version(self, name: str) -> tuple[bytes, Version] | None:
        """Read an object and its version, which a later conditional put must name."""
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
        """Create an object. Returns False if it exists."""
        return self._put(name, body, "create")

    def replace(self, name: str, body: bytes, version: Version | None) -> tuple[bool, bool]:
        """Replace just that version of an object, or create it. Returns whether it was written, and
        whether the store supports conditions; without support it is written unconditionally, after a
        notice.
        """
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
        """Translate the store's errors into messages; existence or absence of an object is not an error."""
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
