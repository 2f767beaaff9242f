"""Runs a step's items in parallel in one process, each after the items it depends on.

The work should spend its time in code that releases the interpreter lock, as DuckDB and Arrow do. The
requests of fetch.py also run in parallel, one agency per thread, each at its own rate.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

THREADS = min(os.cpu_count() or 1, 4)  # more threads share DuckDB's memory and gain little
T = TypeVar("T")


def run_in_parallel(
    after: Mapping[str, Iterable[str]], work: Callable[[str], T], threads: int = THREADS
) -> Iterator[tuple[str, T]]:
    """Yield each name with the result of its work, in order of completion. after: the names that each depends
    on; a name that is not a key counts as done. Work on a name starts only once the caller has received all
    that it depends on. An error of the work is raised here; running work then finishes, and no more starts.
    """
    sorter = TopologicalSorter({name: [a for a in others if a in after] for name, others in after.items()})
    sorter.prepare()
    pool, running = ThreadPoolExecutor(threads), dict[Future[T], str]()
    try:
        while sorter.is_active():
            running |= {pool.submit(work, name): name for name in sorter.get_ready()}
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                yield name, future.result()
                sorter.done(name)
    finally:
        pool.shutdown(cancel_futures=True)
