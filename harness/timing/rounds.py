"""Several rounds of one timing: what each may cost, and what they come to together.

Steps that follow each other share what the machine does at that time. Rounds that lie apart show what changes from one
hour to the next, so that a run takes them after the training of each model and once more at its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.timing.disturbances import verdict
from results.ranking.step_times import STEP_TIME, joined, unrest
from results.records import Measurement

if TYPE_CHECKING:
    from harness.plan.config import TimingConfig

MOST_WORDS = 600
# What holds for a timing as a whole: rounds that differ in one of these are not of one timing.
CONDITIONS = ("allocator", "tf32", "timing_threads")
FIGURES = re.compile(r"[\d.]+")
DISTURBED = "timing_disturbed"


def share(config: TimingConfig, num_rounds: int, of: int) -> TimingConfig:
    """The effort of `num_rounds` rounds where there are to be `of` in all: together they cost what one timing may."""
    return replace(
        config,
        rounds=num_rounds,
        budget_s=config.budget_s * num_rounds / of,
        min_samples=-(-config.min_samples * num_rounds // of),
        max_samples=-(-config.max_samples * num_rounds // of),
    )


def merged(earlier: Sequence[Measurement], later: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """All of `earlier`, those that were taken again with the rounds of `later` behind their own; then what is new."""
    again = {measured.name: measured for measured in later}
    known = [joined([one, again.pop(one.name)]) if one.name in again else one for one in earlier]
    return (*known, *again.values())


def num_rounds(measurements: Sequence[Measurement]) -> int:
    """How many rounds the step times have by now; 0 where none was taken."""
    return max((len(one.by_round) for one in measurements if one.name.endswith(STEP_TIME)), default=0)


def judged(facts: Mapping[str, Any], measurements: Sequence[Measurement], disturbed: Sequence[str]) -> dict[str, Any]:
    """The facts with the verdict on all rounds: `disturbed` says what this round was disturbed by, from outside."""
    said = str(facts[DISTURBED]).split("; ") if facts.get(DISTURBED) else []
    outside = "; ".join(_once([*said, *disturbed]))
    times = [one for one in measurements if one.name.endswith(STEP_TIME) and "first" not in one.name]
    inside = [f"{one.name.removesuffix(STEP_TIME).replace('_', ' ')}: {why}" for one in times for why in unrest(one)]
    reasons = [*([outside] if outside else []), *inside]
    kept = {name: value for name, value in facts.items() if name not in (DISTURBED, "timing_reasons")}
    kept |= {DISTURBED: outside[:MOST_WORDS]} if outside else {}
    kept |= {"timing_reasons": "; ".join(reasons)[:MOST_WORDS]} if reasons else {}
    return {**kept, "timing_verdict": verdict(reasons)}


def _once(reasons: Sequence[str]) -> list[str]:
    """The first of those that differ in their figures only: each round has its own."""
    first: dict[str, str] = {}
    for reason in reasons:
        first.setdefault(FIGURES.sub("", reason), reason)
    return list(first.values())


def differing(facts: Mapping[str, Any], later: Mapping[str, Any]) -> str:
    """In what a later round's conditions differ from those of the timing that it belongs to; "" where in nothing."""
    wrong = [name for name in CONDITIONS if facts.get(name) != later.get(name)]
    return "; ".join(f"{name.removeprefix('timing_')} {facts.get(name)}, now {later.get(name)}" for name in wrong)
