"""One thing that is not as a release says."""

from __future__ import annotations

from dataclasses import dataclass

CHECKSUM = "checksum"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is not as the release says.

    Attributes:
        file: the file's path inside of the release, or the table it is about.
        check: the kind of check that failed, a stable word.
        what: what was found, in words.
    """

    file: str
    check: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.check}: {self.what}"
