"""The rules of the web guard alone, for any header: no request that a browser sends for another site
passes.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.webserver.guard import Access, judge
from pipelines.webserver.server import access_from
from schemas.errors import CompactError

TOKEN = "0123456789abcdef0123"
HOST = (b"host", b"127.0.0.1:3000")
JSON = (b"content-type", b"application/json")
SAFE_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
PARAMETERS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40)
SCHEMES = st.sampled_from(["http", "https", "null", "file", "chrome-extension"])
EVERYWHERE = "0.0.0.0"  # noqa: S104 - as an argument; nothing listens


def scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, object]:
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": list(headers)}


@given(st.binary(max_size=40))
@example(b"127.0.0.1:3000")
@example(b"[::1]:3000")
@example(b"localhost")
def test_a_host_passes_only_if_it_is_ours(host: bytes) -> None:
    denial = judge(scope("GET", "/", (b"host", host)), Access())
    name = host.decode("latin-1").strip().lower()
    assert denial is None or denial.code == "host"
    assert (denial is None) <= name.startswith(("127.0.0.1", "localhost", "[::1]"))
    assert (denial is not None) <= (host not in (b"127.0.0.1:3000", b"[::1]:3000", b"localhost"))


@given(st.sampled_from(SAFE_TYPES), PARAMETERS)
def test_no_type_that_a_form_can_send_passes_whatever_its_parameters(media: str, rest: str) -> None:
    sent = (b"content-type", f"{media};{rest}".encode("latin-1"))
    denial = judge(scope("POST", "/graphql", HOST, sent), Access())
    assert denial is not None
    assert denial.code == "content_type"


@given(SCHEMES, st.from_regex(r"[a-z0-9.-]{1,20}(:[1-9][0-9]{0,4})?", fullmatch=True))
@example("http", "127.0.0.1:3000")
@example("http", "127.0.0.1")
@example("null", "127.0.0.1:3000")
def test_no_origin_but_our_own_passes(scheme: str, authority: str) -> None:
    sent = (b"origin", f"{scheme}://{authority}".encode())
    denial = judge(scope("POST", "/graphql", HOST, sent, JSON), Access())
    assert (denial is None) == (scheme in ("http", "https") and authority == "127.0.0.1:3000")


@pytest.mark.parametrize(
    "media", [b"application/json", b"application/json; charset=utf-8", b"Application/JSON"]
)
def test_json_passes(media: bytes) -> None:
    assert judge(scope("POST", "/graphql", HOST, (b"content-type", media)), Access()) is None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ((HOST, HOST, JSON), "host"),
        ((HOST, JSON, (b"content-type", b"text/plain")), "content_type"),
        ((HOST, JSON, (b"origin", b"http://127.0.0.1:3000"), (b"origin", b"http://a.example")), "origin"),
    ],
)
def test_a_header_that_comes_twice_does_not_pass(headers: tuple[tuple[bytes, bytes], ...], code: str) -> None:
    denial = judge(scope("POST", "/graphql", *headers), Access())
    assert denial is not None
    assert denial.code == code


def test_other_machines_are_answered_only_with_a_token() -> None:
    assert access_from("", "", "127.0.0.1").token is None
    assert access_from(" a.example , b.example", TOKEN, EVERYWHERE).hosts == {"a.example", "b.example"}
    for token, listen in (("", EVERYWHERE), ("", "192.0.2.1"), ("short", "127.0.0.1")):
        with pytest.raises(CompactError) as caught:
            access_from("", token, listen)
        assert caught.value.where == "COMPACT_UI_TOKEN"
    assert TOKEN not in repr(access_from("", TOKEN, "127.0.0.1"))
