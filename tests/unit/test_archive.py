"""Packed responses: the allowed content of a zip or gzip, whose declared sizes are not trusted."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.model import InvalidResponse, Page
from sources.readers.common.archive import ArchiveRules, gunzip, members, packed_on

RULES = ArchiveRules(
    members=r"data_[A-Z]{2}\.csv", beside=[r"README\.md"], entries=3, unpacked_bytes=4_000_000, ratio=50
)
ANY_NAME = ArchiveRules(members=r"(?s).*", entries=10)


def zipped(**files: str) -> bytes:
    return packed([(name.replace("__", "."), text.encode()) for name, text in files.items()])


def packed(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in files:
            archive.writestr(zipfile.ZipInfo(name, (2026, 5, 4, 3, 2, 2)), body, method)
    return out.getvalue()


def page(body: bytes) -> Page:
    return Page("https://agency.test/all.zip", body)


def opened(body: bytes, rules: ArchiveRules = RULES) -> list[tuple[str, bytes]]:
    return list(members(page(body), rules))


def refused(body: bytes, rules: ArchiveRules = RULES) -> str:
    with pytest.raises(InvalidResponse) as error:
        opened(body, rules)
    assert error.value.pages[0].body == body
    return error.value.what


def test_data_members_come_in_the_order_of_their_names() -> None:
    body = zipped(data_ZM__csv="z", README__md="read me", data_AO__csv="a")
    assert opened(body) == [("data_AO.csv", b"a"), ("data_ZM.csv", b"z")]
    assert packed_on(page(body)) == "2026-05-04"


@pytest.mark.parametrize(
    "name", ["../data_AO.csv", "a/../../b", "/etc/passwd", "C:/data.csv", "a\\..\\b", "//host/share", ".."]
)
def test_a_name_that_points_out_of_the_archive_is_refused(name: str) -> None:
    assert "points out of its folder" in refused(packed([(name, b"x")]), ANY_NAME)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (zipped(data_AO__csv="a", setup__exe="x"), "'setup.exe' that is not declared"),
        (zipped(README__md="a"), "has no data member"),
        (packed([(f"data_A{x}.csv", b"a") for x in "ABCD"]), "has 4 members"),
        (packed([("data_AO.csv", b"a\n1\n")], zipfile.ZIP_BZIP2), "method 12"),
        (packed([("data_AO.csv", bytes(3_000_000))]), "beyond 50 for one"),
        (packed([(f"data_A{x}.csv", bytes(range(250)) * 6000) for x in "ABC"], 0), "declares 4500000 bytes"),
        (b"", "cannot be opened"),
        (b"PK\x03\x04 and no more", "cannot be opened"),
        (zipped(data_AO__csv="a" * 1000)[:-30], "cannot be opened"),
        (packed([("data_A\x1b.csv", b"a")]), "cannot be printed"),
    ],
)
def test_what_is_not_as_declared_is_refused(body: bytes, says: str) -> None:
    assert says in refused(body)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_there_twice_is_refused() -> None:
    assert "appears there twice" in refused(packed([("data_AO.csv", b"a"), ("data_AO.csv", b"b")]))


def test_an_encrypted_member_is_refused() -> None:
    body = bytearray(zipped(data_AO__csv="a"))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(magic) + place] |= 1
    assert "is encrypted" in refused(bytes(body))


def lying(size: Callable[[int], int]) -> bytes:
    """A zip whose member states another size than it has, in both places where it is stated."""
    text = bytes(1000) + bytes(range(256)) * 8
    body = bytearray(packed([("data_AO.csv", text)]))
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", body, body.index(magic) + place, size(len(text)))
    return bytes(body)


@pytest.mark.parametrize("size", [lambda n: n - 1000, lambda n: n + 1, lambda n: 0])
def test_a_stated_size_is_not_believed(size: Callable[[int], int]) -> None:
    assert refused(lying(size))


def test_a_bomb_that_states_a_small_size_never_unpacks() -> None:
    body = bytearray(packed([("data_AO.csv", bytes(30_000_000))]))
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", body, body.index(magic) + place, 1000)
    assert refused(bytes(body))


def test_gzip_is_unpacked_whole_or_not_at_all() -> None:
    text = b"area,year\nAO,2020\n" * 100
    twice = gzip.compress(text) + gzip.compress(b"more")
    assert gunzip(page(gzip.compress(text)), 10_000).body == text
    assert gunzip(page(twice), 10_000).body == text + b"more"
    bomb = gzip.compress(bytes(50_000_000))
    broken: list[tuple[bytes, int]] = [
        (gzip.compress(text)[:-4], 10_000),
        (b"no gzip", 10_000),
        (b"", 10_000),
        (gzip.compress(text), 100),
        (bomb, 1_000_000_000),
        (gzip.compress(text) + b"behind it", 10_000),
    ]
    for body, limit in broken:
        with pytest.raises(InvalidResponse):
            gunzip(page(body), limit)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_read_as_it_was_or_refused(data: st.DataObject) -> None:
    whole = zipped(data_AO__csv="year;value\n" + "2020;1\n" * 50, data_ZM__csv="year;value\n2021;2\n")
    place = data.draw(st.integers(0, len(whole) - 1))
    body = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    try:
        result = opened(body)
    except InvalidResponse:
        return
    assert [text for _, text in result] == [text for _, text in opened(whole)][: len(result)]
