"""Parallel work: each item after its dependencies, and an error that ends it."""

from __future__ import annotations

from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.parallel import run_in_parallel

# Each name may come after those with a smaller number, so that there is no circle.
AFTER = st.integers(0, 12).flatmap(
    lambda n: st.tuples(*(st.sets(st.integers(0, max(number - 1, 0))) for number in range(n))).map(
        lambda chosen: {
            str(number): sorted(str(o) for o in others if o != number) for number, others in enumerate(chosen)
        }
    )
)


@given(AFTER)
def test_each_is_begun_once_and_after_those_before_it_were_taken(after: dict[str, list[str]]) -> None:
    taken: list[str] = []

    def work(name: str) -> tuple[str, bool]:
        return name * 2, set(after[name]) <= set(taken)

    results = {}
    for name, result in run_in_parallel(after, work):
        taken.append(name)
        results[name] = result
    assert results == {name: (name * 2, True) for name in after}
    assert sorted(taken) == sorted(after)


def test_what_is_not_among_the_names_counts_as_done() -> None:
    assert dict(run_in_parallel({"a": ["elsewhere"]}, str.upper)) == {"a": "A"}


def test_two_work_at_the_same_time() -> None:
    both = Barrier(2, timeout=20)  # broken, and an error, if they came one after the other
    assert {number for _, number in run_in_parallel({"a": [], "b": []}, lambda _: both.wait(), 2)} == {0, 1}


def test_after_an_error_nothing_more_is_begun() -> None:
    begun: list[str] = []

    def work(name: str) -> None:
        begun.append(name)
        if name == "b":
            raise ValueError("b cannot be done")

    with pytest.raises(ValueError, match="b cannot be done"):
        list(run_in_parallel({"a": [], "b": ["a"], "c": ["b"], "d": ["c"]}, work, 1))
    assert begun == ["a", "b"]
