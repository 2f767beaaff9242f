"""Guesses the kind of a file from its first bytes, for a message. Does not validate it."""

from __future__ import annotations

import codecs
import re

# Magic bytes of files, the longest first where one is a prefix of another.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a zip archive or an .xlsx workbook"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook, or one with a password"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"SQLite format 3", "an SQLite database"),
    (codecs.BOM_UTF32_LE, "UTF-32 text"),
    (codecs.BOM_UTF32_BE, "UTF-32 text"),
    (codecs.BOM_UTF16_LE, "UTF-16 text"),
    (codecs.BOM_UTF16_BE, "UTF-16 text"),
)
SAMPLE = 4096


def kind_of(start: bytes) -> str:
    """Return the kind of file with this beginning, such as `gzip data`; empty if it may be text."""
    for beginning, kind in BEGINNINGS:
        if start.startswith(beginning):
            return kind
    sample = start[:SAMPLE]
    if len(sample) >= 8:  # UTF-16 without a mark: every second byte of Western text is zero
        for offset, name in ((1, "UTF-16 text"), (0, "UTF-16 text")):
            zeros = sample[offset::2].count(0)
            if zeros > 0.4 * (len(sample) / 2) and sample[1 - offset :: 2].count(0) < 0.05 * len(sample):
                return name
    return ""


def text_encoding(body: bytes) -> str:
    """Return the encoding of a text: utf-8, utf-16, cp1252, or latin-1, which accepts any bytes."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    controls = re.search(rb"[\x80-\x9f]", body)  # in latin-1; in cp1252 most of them are letters and marks
    tried: list[str] = ["utf-8", "cp1252"] if controls else ["utf-8"]
    for encoding in tried:
        try:
            body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def likely_encoding(body: bytes) -> str:
    """Return the most probable encoding of a text that is not UTF-8; empty if none of the usual ones fits."""
    try:
        text = body.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    letters = [character for character in text if ord(character) > 127]
    return "cp1252" if letters and sum(c.isalpha() for c in letters) > 0.5 * len(letters) else ""
