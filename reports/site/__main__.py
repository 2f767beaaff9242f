"""`python -m reports.site RELEASE OUT [INDICATOR…]`: writes a release's site, or one indicator's pages."""

from __future__ import annotations

import sys
from pathlib import Path

from reports.site.build import build
from schemas.errors import CompactError


def main(arguments: list[str]) -> int:
    """Return 0 for success, 1 for a fault of the release or the arguments, 2 for a wrong call."""
    if len(arguments) < 2:
        print("usage: python -m reports.site RELEASE OUT [INDICATOR ...]", file=sys.stderr)
        return 2
    try:
        summary = build(Path(arguments[0]), Path(arguments[1]), only=set(arguments[2:]) or None)
    except CompactError as fault:
        print(fault, file=sys.stderr)
        return 1
    print(
        f"{summary.pages} pages, {summary.files} files, {summary.bytes / 1e6:.1f} MB, {summary.seconds:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
