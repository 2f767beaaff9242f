"""Validates the fields of an indicator that lead to a verdict: kind, target, noise, links.

schemas/definitions/verdicts.py has validated each field before; validation.py validates the rest of a file. A
finding of `verdict_warnings` does not stop a run: it reports a number that is probably unintended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from schemas.definitions.indicator import Indicator
from schemas.definitions.verdicts import Target
from schemas.definitions.yaml_file import Place

# A finding: place, problem, expected, next step.
Finding = tuple[Place, str, str, str]
OBJECTIVES = ("compact_brief", "compact_adopted")  # frameworks with objectives as parts
WITH_TARGET = ("likelihood", "parity")  # kinds that have no verdict without a target
SHARES = ("PT",)  # units with the ends none and all


def verdict_findings(indicator: Indicator, groups: Collection[str]) -> Iterator[Finding]:
    """Return every fault of these fields. groups: the codes of all groups of areas."""
    yield from _kind(indicator)
    yield from _links(indicator)
    yield from _noise(indicator)
    yield from _plausible(indicator)
    if indicator.target is not None:
        yield from _number(indicator, indicator.target)
        yield from _tolerance(indicator, indicator.target)
        yield from _addressed(indicator.target, groups)


def verdict_warnings(indicator: Indicator) -> Iterator[Finding]:
    """Return values that are valid but rarely intended."""
    yield from _links_missing(indicator)
    target = indicator.target
    if target is None or target.value is None:
        return
    low, high = indicator.expect.range
    best, worst = (high, low) if indicator.direction == "higher_is_better" else (low, high)
    met = target.value if target.met_from is None else target.met_from
    share = indicator.unit in SHARES and indicator.direction != "closer_to_one"
    if share and target.value in (best, 100.0 if best > worst else 0.0) and met == target.value:
        what = f"{target.value:g} is the end of the scale, and no tolerance is declared: rounding decides"
        step = "add `met_from` with `met_from_source`: the owner's tolerance, a reporting limit, or 99 (1)"
        yield ("target", "value"), what, "a value from which the target counts as met", step
    wrong_end = indicator.bounds.worst if indicator.bounds else worst
    if indicator.direction == "closer_to_one":
        if target.value != 1:
            what = f"{target.value:g} is the target of a ratio that is best at one"
            yield ("target", "value"), what, "1", "write 1, or fix `direction`"
    elif target.value in (worst, wrong_end):
        what = f"{target.value:g} is on the wrong side of {indicator.direction}: every value meets it"
        yield ("target", "value"), what, f"a number nearer to {best:g}", "fix the target or `direction`"


def _kind(indicator: Indicator) -> Iterator[Finding]:
    kind, derived = indicator.kind_of_verdict, indicator.default_verdict_kind
    place: Place = ("verdict_kind",)
    numbered = derived in WITH_TARGET or _has_number(indicator)
    if kind != derived and indicator.verdict_reason is None:
        step = "add `verdict_reason: <why>`, or remove `verdict_kind`"
        yield place, f"is {kind}, where the rest of the file gives {derived}", "a reason for it", step
    if kind in WITH_TARGET and not numbered:
        allowed = "direction, level, yes_no or none without a target"
        yield place, f"{kind} needs a target, and there is none", allowed, "add `target`, or use another kind"
    if kind == "parity" and indicator.direction != "closer_to_one":
        what = f"parity does not fit {indicator.direction}"
        yield place, what, "parity with direction: closer_to_one", "use likelihood, or fix `direction`"
    if kind in ("direction", "none") and numbered:
        what = f"{kind} reads no target, and there is one"
        yield place, what, "likelihood, parity, yes_no or level with a target", "remove one of the two"
    if kind == "none" and indicator.assessed:
        what = "none, and still assessed"
        yield place, what, "assessed: false with none", "add `assessed: false`, or use another kind"
    if kind not in ("none", "level") and not indicator.assessed and indicator.verdict_kind is not None:
        what = f"is {kind}, and assessed is false"
        yield place, what, "none or level with assessed: false", "remove one of the two"
    if kind == "yes_no" and indicator.target and indicator.target.value not in (None, 1):
        what = f"a yes is 1, and the target is {indicator.target.value:g}"
        yield ("target", "value"), what, "1", "write 1, or use another kind"


def _has_number(indicator: Indicator) -> bool:
    target = indicator.target
    return target is not None and (target.value is not None or target.relative is not None)


def _links(indicator: Indicator) -> Iterator[Finding]:
    for name in sorted(set(indicator.links) - set(indicator.frameworks)):
        what = f"links to {name}, which `frameworks` does not name"
        allowed = ", ".join(sorted(indicator.frameworks))
        yield ("links", name), what, allowed, "remove it, or add the part there"


def _links_missing(indicator: Indicator) -> Iterator[Finding]:
    for name in OBJECTIVES:
        if name in indicator.frameworks and name not in indicator.links:
            what = f"does not say whether it measures the objective of {name}, and counts as indirect"
            step = f"add `links: {{{name}: {{direct: false, reason: ...}}}}`"
            yield ("links",), what, "direct: true or false, with the reason, for each objective", step


def _noise(indicator: Indicator) -> Iterator[Finding]:
    if indicator.noise is None or indicator.noise.beyond is None:
        return
    low, high = indicator.expect.range
    if not low <= indicator.noise.beyond <= high:
        what = f"{indicator.noise.beyond:g} is outside expect.range"
        yield ("noise", "beyond"), what, f"{low:g} to {high:g}", "fix one of the two"


def _plausible(indicator: Indicator) -> Iterator[Finding]:
    if indicator.expect.plausible is None:
        return
    (low, high), (least, most) = indicator.expect.plausible.range, indicator.expect.range
    if not least <= low < high <= most:
        what = f"{low:g} to {high:g} is not inside expect.range"
        step = "put the smaller number first, and keep inside the range"
        yield ("expect", "plausible", "range"), what, f"{least:g} to {most:g}", step


def _number(indicator: Indicator, target: Target) -> Iterator[Finding]:
    relative = target.relative
    if relative is None:
        return
    if target.value is not None:
        what = "a target is either one number or relative to a base year"
        yield ("target", "value"), what, "null with `relative`", "write `value: null`, or remove `relative`"
    if target.met_from is not None:
        what = "a relative target is another number for each area, and takes no met_from"
        yield ("target", "met_from"), what, "cap, within relative", "remove it, or use `cap`"
    if relative.base_year >= target.year:
        what = f"{relative.base_year} is not before {target.year}"
        yield ("target", "relative", "base_year"), what, "a year before target.year", "fix one of the two"
    falls = relative.factor < 1 if relative.factor is not None else (relative.step or 0) < 0
    if indicator.direction == "closer_to_one" or falls != (indicator.direction == "lower_is_better"):
        what = f"{'lowers' if falls else 'raises'} the base value, which does not fit {indicator.direction}"
        allowed = "a factor above 1 or a step above 0 where higher is better, below where lower is"
        yield ("target", "relative"), what, allowed, "fix `factor` or `step`, or `direction`"


def _tolerance(indicator: Indicator, target: Target) -> Iterator[Finding]:
    if (target.met_from is None) != (target.met_from_source is None):
        missing = "met_from_source" if target.met_from_source is None else "met_from"
        what = f"met_from and met_from_source belong together, and {missing} is missing"
        yield ("target", "met_from"), what, "the tolerance and who grants it", f"add `{missing}: ...`"
    if target.met_from is None or target.value is None:
        return
    higher, closer = indicator.direction == "higher_is_better", indicator.direction == "closer_to_one"
    beyond = not closer and (target.met_from > target.value if higher else target.met_from < target.value)
    if beyond:
        what = f"{target.met_from:g} is beyond the target of {target.value:g}, which counts as met itself"
        allowed = f"{target.value:g} or {'less' if higher else 'more'}"
        yield ("target", "met_from"), what, allowed, "fix one of the two"
    if closer and not 0 < target.met_from <= 1:
        what = f"{target.met_from:g} cannot be the lower end of a band around one"
        yield ("target", "met_from"), what, "more than 0, and 1 at most", "write the lower end, such as 0.97"


def _addressed(target: Target, groups: Collection[str]) -> Iterator[Finding]:
    for number, code in enumerate(target.scope.groups if target.scope else []):
        if code not in groups:
            allowed = "a group of schemas/codelists, such as M49:199, or of its folder groups/"
            step = "fix the code, or add a file to schemas/codelists/groups/"
            yield ("target", "scope", "groups", number), f"there is no group {code}", allowed, step
