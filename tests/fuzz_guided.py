"""A coverage-guided version of the long search: `python -m tests.fuzz_guided --source ID`.

Pages that reach code which none before had reached are damaged further, so that it gets past checks that
chance alone seldom passes. It asks a reader only whether an answer is whole, not stage, which is DuckDB's
code and not Python's. It needs atheris 3 (`pip install atheris==3.0.0`; Linux), which is not among the locked
dependencies, for nothing but this uses it. What it finds becomes a test in unit/test_fuzz.py.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from base64 import b64decode, b64encode
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any


def packed(pages: Sequence[bytes]) -> bytes:
    """Pages as the one string of bytes that the fuzzer keeps."""
    return json.dumps([b64encode(page).decode() for page in pages]).encode()


def unpacked(data: bytes) -> list[bytes]:
    """The pages again; none where the fuzzer made something else of it."""
    try:
        return [b64decode(page) for page in json.loads(data)]
    except (ValueError, TypeError):
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--minutes", type=float, default=10, help="of processor time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures", type=Path, default=Path(tempfile.gettempdir()) / "compact-fuzz")
    given = parser.parse_args()
    atheris: Any = import_module(
        "atheris"
    )  # before anything of ours: what is imported earlier is not followed
    with atheris.instrument_imports(include=["sources"]):
        fuzz, registry = import_module("tests.fuzz"), import_module("sources.registry.sources")
    path = next(one for one in fuzz.every_specimen() if one.parent.name == given.source)
    specimen, pages = fuzz.load(path)
    source = registry.load_source(registry.SOURCES / given.source / "source.yaml")
    until, seen = time.process_time() + given.minutes * 60, {"whole": 0, "refused": 0, "failed": 0}

    def asked(data: bytes) -> None:
        if time.process_time() > until:
            print(f"{given.source}/{path.name}: {seen}", flush=True)
            os._exit(int(seen["failed"] > 0))  # to libFuzzer, which calls us, any other end is a crash
        bodies = unpacked(data)
        with tempfile.TemporaryDirectory() as home:
            try:
                fuzz.read(source, specimen, bodies, Path(home))
                outcome = "whole"
            except fuzz.CompactError:
                outcome = "refused"
            except Exception:  # noqa: BLE001 - finding any other is what this is for
                outcome = "failed"
                fuzz.keep(given.failures, path, bodies, traceback.format_exc())
        seen[outcome] += 1

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)  # noqa: S311
        base = pages if draw.random() < 0.5 else unpacked(data) or pages  # what was reached, or the whole
        result = packed(fuzz.damaged(base, draw))
        return result if len(result) <= most else packed(pages)

    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "specimen").write_bytes(packed(pages))
        options = [
            f"-seed={given.seed}",
            f"-max_len={40 * len(packed(pages))}",
            "-rss_limit_mb=4096",
            "-reduce_inputs=0",
            corpus,
        ]
        atheris.Setup([sys.argv[0], *options], asked, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
