"""One difference between a release and its own description."""

from __future__ import annotations

from dataclasses import dataclass

CHECKSUM = "checksum"


@dataclass(frozen=True, order=True)
class Finding:
    """One difference between a release and its own description.

    Attributes:
        file: the file's path inside of the release, or the table it is about.
        check: the kind of check that failed, a stable word.
        what: the difference, in words.
    """

    file: str
    check: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.check}: {self.what}"
