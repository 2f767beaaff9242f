"""HTTP session of one agency: sends requests at its rate, and returns whole responses or raises the
reason.

Readers interpret a response; sources/snapshots/ stores its bytes.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urljoin

import orjson
import requests
from requests import PreparedRequest
from tenacity import Retrying, retry_if_exception_type

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.api_key import access_key
from sources.http.content import bad, excerpt, parse_json, parse_text, status_words
from sources.http.deadline import Deadline, within
from sources.http.exact_length import ExactLengthAdapter
from sources.http.network_settings import network_settings
from sources.http.response_body import TransientHTTPError, faults, read_body, read_page
from sources.http.retry import CONNECT_SECONDS, RETRY_AFTER_CAP, Pacer, pause, retry_after, should_stop
from sources.http.transient import transient_attempts
from sources.http.urls import allowed_origins, describe_post, redact
from sources.http.user_agent import user_agent
from sources.model import (
    CachedPage,
    InvalidResponse,
    Page,
    RequestUnavailable,
    SourceUnavailable,
    Usage,
)
from sources.origins import origin

__all__ = ["CachedPage", "Session", "Usage", "excerpt", "parse_json", "parse_text"]

ERROR_BYTES = 1024 * 1024  # limit of an error body
REDIRECTS = 5
PROXY_REFUSES = 407
MOVED = frozenset((301, 302, 303, 307, 308))

Params = Mapping[str, str | int | Sequence[str]]
Form = Mapping[str, str | Sequence[str]]


class Session:
    """One agency for one run. Threads may share it. The first SourceUnavailable is final: no further
    request is sent."""

    def __init__(
        self,
        source: Source,
        *,
        base_url: str | None = None,
        known: Mapping[str, CachedPage] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        spool: Path | None = None,
    ) -> None:
        """base_url: replaces the source's own, and is allowed because it was named. known: pages by URL, for
        conditional requests; used only if the source declares its validators as meaningful. spool: folder for
        large bodies; by default the system's folder for temporary files."""
        self.source, self.usage = source, Usage()
        self.base_url = (base_url or source.base_url).rstrip("/")
        self._origins = allowed_origins(source, base_url)
        self._known = known if known is not None and source.validators else {}
        self._clock, self._sleep, self._key = clock, sleep, access_key(source)
        self._spool = spool or Path(tempfile.gettempdir())
        self._answered, self._down, self._lock = False, "", threading.Lock()
        parallel, interval = (
            (source.rate.parallel, 1 / source.rate.requests_per_second) if source.rate else (1, 1.0)
        )
        self._lanes, self._pacer = threading.Semaphore(parallel), Pacer(interval, clock, sleep)
        self._http = requests.Session()
        self._http.mount("https://", ExactLengthAdapter(pool_maxsize=parallel))
        self._http.mount("http://", ExactLengthAdapter(pool_maxsize=parallel))
        self._http.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": user_agent(), "Accept": "*/*", "Accept-Language": "en", "Accept-Encoding": "gzip"}
        )
        self._http.auth = lambda request: request  # otherwise requests would send credentials from ~/.netrc

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        base: str | None = None,
    ) -> Page:
        """Return the complete response to a GET of base_url + path. Raises SourceUnavailable or
        InvalidResponse. base: replaces base_url, for a source that publishes at two of its hosts."""
        url = self._url(path, base)
        return self._ask(requests.Request("GET", url, params=params, headers=headers), timeout)

    def post(self, path: str, data: Form, *, headers: Mapping[str, str] | None = None) -> Page:
        """Return the complete response to a form POST. Page.url has the form as a fragment."""
        return self._ask(requests.Request("POST", self._url(path), data=data, headers=headers), None)

    def post_json(self, path: str, value: object) -> Page:
        """Return the complete response to a POST of JSON, sent on one line: some agencies reject a
        newline. Page.url has it as a fragment, so it must hold no secret."""
        body, headers = orjson.dumps(value), {"Content-Type": "application/json"}
        return self._ask(requests.Request("POST", self._url(path), data=body, headers=headers), None)

    def stop(self, why: str) -> None:
        """Send no further request: later calls raise SourceUnavailable."""
        self._down = self._down or why

    def close(self) -> None:
        self._http.close()

    def _url(self, path: str, base: str | None = None) -> str:
        if not path.startswith("/"):
            raise ValueError(f"path {path!r} does not begin with /")
        return (base or self.base_url) + path

    # --- one request, with its retries ---
    def _ask(self, request: requests.Request, timeout: float | None) -> Page:
        try:
            page = self._answer(request, timeout)
            return self._key.checked(page) if self._key else page
        except CompactError as error:
            if self._key:
                self._key.scrub_error(error)
            raise

    def _answer(self, request: requests.Request, timeout: float | None) -> Page:
        if origin(self.base_url) not in self._origins:
            raise CompactError(
                f"{self.source.id} cannot be asked at this address",
                where=redact(self.base_url),
                allowed=f"https to {', '.join(self.source.hosts) or '(no host is declared)'}",
                next_step=f"fix COMPACT_URL_{self.source.id.upper()}, or base_url and hosts in source.yaml",
            )
        prepared = self._http.prepare_request(request)
        address = str(prepared.url)
        shown = describe_post(address, request.data) if request.method == "POST" else redact(address)
        known = self._known.get(shown) if request.method == "GET" else None
        if known is not None:
            validators = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
            prepared.headers.update({name: value for name, value in validators.items() if value})
        started = self._clock()
        limits = self.source.limits
        attempts = Retrying(
            retry=retry_if_exception_type(TransientHTTPError),
            wait=pause,
            sleep=self._sleep,
            reraise=True,
            stop=lambda state: should_stop(state, self._clock() - started, limits.attempts, self._answered),
        )
        try:
            return attempts(self._attempt, prepared, shown, known, timeout or limits.timeout_seconds)
        except TransientHTTPError as fault:
            raise self._give_up(fault, shown, attempts.statistics.get("attempt_number", 1)) from None

    def _give_up(self, fault: TransientHTTPError, shown: str, attempts: int) -> CompactError:
        tried = f"{attempts} attempt" + ("s" if attempts > 1 else "")
        if fault.kind == "length":
            return bad(
                Page(shown, fault.body),
                f"is not whole, in {tried}: {fault.what}",
                allowed="as many bytes as the agency declares",
            )
        said = f"{fault.what} ({tried})"
        if fault.kind == "proxy":
            return network_settings(shown, self._http).proxy_fault(said)
        if fault.most is not None:
            return self._unreachable(shown, said, RequestUnavailable)
        self._down = said
        return self._unreachable(shown, said)

    def _unreachable(
        self, shown: str, said: str, kind: type[SourceUnavailable] = SourceUnavailable
    ) -> SourceUnavailable:
        return kind(
            f"{self.source.agency} cannot be reached: {said}",
            where=shown,
            next_step="no action needed: the last accepted snapshot is used; run again later",
        )

    # --- one attempt, with its redirects ---
    def _attempt(
        self, request: PreparedRequest, shown: str, known: CachedPage | None, timeout: float
    ) -> Page:
        for _ in range(REDIRECTS + 1):
            if origin(str(request.url)) not in self._origins:
                raise bad(
                    Page(shown, b""),
                    f"sends us elsewhere, to {redact(str(request.url))[:200]!r}",
                    allowed=f"https to {', '.join(self.source.hosts)}",
                    next_step="if the agency has moved there, add the host to hosts in source.yaml",
                )
            with self._lanes:
                answer = self._exchange(request, shown, known, timeout)
            if isinstance(answer, Page):
                return answer
            request = answer
        raise bad(Page(shown, b""), f"was a redirect more than {REDIRECTS} times in a row")

    def _exchange(
        self, request: PreparedRequest, shown: str, known: CachedPage | None, timeout: float
    ) -> Page | PreparedRequest:
        if self._down:
            raise self._unreachable(shown, self._down)
        self._pacer.wait()
        with self._lock:
            self.usage.requests += 1
        deadline = Deadline(timeout, self._clock)
        with within(deadline), self._send(request, timeout) as response:

            def body(limit: int) -> bytes:
                return read_body(response, url=shown, limit=limit, deadline=deadline, count=self._count)

            status, headers = response.status_code, response.headers
            if (most := transient_attempts(status)) is not None:
                wait = retry_after(headers.get("Retry-After"))
                self._pacer.hold(min(wait or 0, RETRY_AFTER_CAP))
                later = f"; Retry-After: {wait:.0f} s" if wait else ""
                raise TransientHTTPError(
                    f"HTTP {status} {status_words(response.reason)}{later}".rstrip(),
                    "busy",
                    retry_after=wait,
                    most=most or None,
                )
            self._answered = True
            if status in MOVED and (target := headers.get("Location")):
                return self._redirected(request, target, status, shown)
            if status == 304 and known is not None:
                return known.page(shown)
            if status != 200:
                raise self._refused(response, shown, body)
            limit = self.source.limits.response_bytes
            return read_page(
                response, url=shown, limit=limit, deadline=deadline, count=self._count, spool=self._spool
            )

    def _send(self, request: PreparedRequest, timeout: float) -> requests.Response:
        """Send one request with the adapter: requests' own Session.send reads the bodies of redirects whole.
        The key is attached here, after the host was checked, and to nothing that is stored."""
        url = str(request.url)
        request = self._key.attach(request) if self._key else request
        settings = network_settings(url, self._http)
        with faults(redact(url), timeout, settings):
            response = self._http.get_adapter(url).send(
                request,
                stream=True,
                timeout=(min(CONNECT_SECONDS, timeout), timeout),
                verify=settings.verify,
                proxies=settings.proxies,
            )
        if response.status_code == PROXY_REFUSES and settings.proxy:
            response.close()
            raise settings.proxy_fault(f"HTTP {PROXY_REFUSES}", "a proxy that lets this user in")
        return response

    def _redirected(self, request: PreparedRequest, target: str, status: int, shown: str) -> PreparedRequest:
        if request.method != "GET" and status not in (307, 308):
            raise bad(
                Page(shown, b""),
                f"redirects a {request.method} with status {status}, which would lose the form",
                allowed="307 or 308",
            )
        following = request.copy()
        try:
            following.prepare_url(urljoin(str(request.url), target), None)
        except ValueError:  # requests raises this too
            raise bad(Page(shown, b""), f"sends us to {target[:200]!r}, which is no address") from None
        return following

    def _refused(
        self, response: requests.Response, shown: str, body: Callable[[int], bytes]
    ) -> InvalidResponse:
        try:
            text = body(ERROR_BYTES)
        except TransientHTTPError as fault:
            text = fault.body
        except InvalidResponse as error:
            text = error.pages[0].body if error.pages else b""
        refused = bad(
            Page(shown, text),
            f"has status {response.status_code} {response.reason}: {excerpt(text)!r}",
            allowed="status 200",
            next_step="check the address and its parameters in source.yaml and series.csv: "
            "the same question would be refused again",
        )
        refused.status = response.status_code
        return refused

    def _count(self, size: int) -> None:
        with self._lock:
            self.usage.bytes += size
