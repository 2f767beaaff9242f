"""Step 3, evaluate: computes each indicator's values from its file, in parallel as far as the machine allows.

The rules are in warehouse/evaluation. Nothing is staged here: the inputs of an indicator must exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from indicators.fallbacks import HeldInput, as_evaluated, held_inputs
from pipelines.steps.context import EVALUATED, RunContext
from pipelines.steps.parallel import run_in_parallel
from pipelines.steps.stage import require
from pipelines.steps.system_errors import system_fault, translate_system_errors
from schemas.errors import CompactError
from sources.snapshots.cache_record import read_record
from warehouse.evaluation.evaluate import Evaluated, cached_path, evaluate_cached, evaluation_fingerprint


class EvaluationFailed(CompactError):
    """An indicator could not be evaluated, for a reason outside its definition."""


class InputFailed(CompactError):
    """An indicator that this one depends on could not be evaluated."""


@dataclass(frozen=True)
class Outcome:
    """Outcome of one indicator: its values, or why it has none. seconds: its own time."""

    indicator: str
    values: Evaluated | None
    problem: CompactError | None = None
    seconds: float = 0.0


def held_of(context: RunContext) -> dict[str, HeldInput]:
    """Return the indicators with an input that is held and was never accepted."""
    held: set[tuple[str, str]] = set()
    with context.store.unchanging():
        for source_id in context.sources:
            live = {series for s in context.store.live(source_id).values() for series in s.series}
            waiting = {series for s in context.store.held(source_id).values() for series in s.series}
            held |= {(source_id, series) for series in waiting - live}
    return held_inputs(context.catalogue.values(), held)


@translate_system_errors
def expected_values(context: RunContext, staged: Mapping[str, Path]) -> dict[str, Path]:
    """Return the path of each indicator's values, evaluated or to be evaluated from these tables."""
    paths, held = dict[str, Path](), held_of(context)
    for indicator_id, indicator in context.catalogue.items():
        fingerprint = evaluation_fingerprint(as_evaluated(indicator, held), staged, paths)
        paths[indicator_id] = cached_path(context.home / EVALUATED, indicator_id, fingerprint)
    return paths


def missing_values(paths: Mapping[str, Path]) -> list[str]:
    """Return the indicators that are not evaluated yet, or whose file changed after it was written."""
    return [name for name, path in paths.items() if read_record(path.with_suffix(".json")) is None]


@translate_system_errors
def evaluated_values(context: RunContext, staged: Mapping[str, Path]) -> dict[str, Path]:
    """Return the values of every indicator. Raises UpstreamMissing if some are not evaluated yet."""
    paths = expected_values(context, staged)
    require([f"indicator/{name}" for name in missing_values(paths)])
    return paths


@translate_system_errors
def evaluate(
    context: RunContext, indicator_ids: Sequence[str], staged: Mapping[str, Path]
) -> Iterator[Outcome]:
    """Evaluate indicators; unchanged ones are not recomputed.

    Args:
        context: The run.
        indicator_ids: The indicators to evaluate. Their inputs that are not among them must be evaluated
            already.
        staged: Source to its current observations.

    Yields:
        The outcome of each, inputs first. A failure affects only that indicator and those that depend on it.
    """
    held, paths = held_of(context), expected_values(context, staged)
    made_of = {
        name: context.catalogue.indicators_of(name) for name in context.catalogue.in_order(indicator_ids)
    }
    chosen = {name: others for name, others in made_of.items() if name in set(indicator_ids)}
    absent = set(missing_values({n: paths[n] for n in made_of if n not in chosen}))
    failed: set[str] = set()

    def one(name: str) -> Outcome:
        started = monotonic()
        try:
            require([f"indicator/{other}" for other in made_of[name] if other in absent])
            if lost := [other for other in made_of[name] if other in failed]:
                raise InputFailed(
                    f"{name} is not evaluated: {', '.join(lost)} failed", where=f"indicator {name}"
                )
            inputs = {other: paths[other] for other in made_of[name]}
            definition = as_evaluated(context.catalogue[name], held)
            values = evaluate_cached(definition, staged, inputs, context.home / EVALUATED)
            return Outcome(name, values, seconds=monotonic() - started)
        except CompactError as problem:
            return Outcome(name, None, problem, monotonic() - started)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome of this one
            fault = system_fault(error, context.home) or EvaluationFailed(
                f"evaluating {name} ended with {type(error).__name__}: {_first_line(error)}",
                where=f"indicator {name}",
                next_step="this is a mistake of ours: please report it; other indicators are not affected",
            )
            return Outcome(name, None, fault, monotonic() - started)

    for number, (name, outcome) in enumerate(run_in_parallel(chosen, one), 1):
        if outcome.problem is not None:
            failed.add(name)
        context.progress("evaluate", number, len(chosen))
        yield outcome


def values_of(
    context: RunContext, indicator_ids: Sequence[str], staged: Mapping[str, Path]
) -> dict[str, Evaluated]:
    """Evaluate these indicators and all their inputs. Raises the first problem."""
    values: dict[str, Evaluated] = {}
    for outcome in evaluate(context, context.catalogue.in_order(indicator_ids), staged):
        if outcome.values is None:
            raise outcome.problem or CompactError(f"{outcome.indicator} has no outcome")
        values[outcome.indicator] = outcome.values
    return values


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no message")
