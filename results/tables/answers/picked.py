"""What a pick has come to, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from results.answers.picked import Kindness, Picked, RandomCheck
from results.ranking.uncertainty import ALPHA, wilson
from results.sanitize import name, plain
from results.tables.number_format import counted, duration, fixed, with_ends

if TYPE_CHECKING:
    from results.ranking.summary import Row, Summary

LEAST_SECONDS = 1.0  # a stage that took less is not worth its time on the screen


def lines(found: Picked, summary: Summary) -> list[str]:
    """The funnel, its times, the answer with its uncertainty, the nearest misses, and what random models say."""
    said = [funnel(found), times(found), answer(found, summary), *misses(found)]
    said += [random_check(found.random)] if found.random else []
    return [line for line in said if line]


def funnel(found: Picked) -> str:
    """`1,844 pretrained models → 48 shortlisted → 12 after probe 1 → 6 finalists`."""
    return " → ".join(f"{step.left:,} {plain(step.words)}" for step in found.steps)


def times(found: Picked) -> str:
    """How long the stages took."""
    told = [f"{plain(step.words)} {duration(step.seconds)}" for step in found.steps if step.seconds >= LEAST_SECONDS]
    return f"took: {' · '.join(told)}" if told else ""


def answer(found: Picked, summary: Summary) -> str:
    """The best finalist, how it was trained, its error on the test images, and how kind its choice was to it."""
    best = next((row for row in summary.rows if row.error is not None), None)
    if best is None or best.error is None:
        return "no finalist has a result"
    error = best.error
    tested = f"test error {with_ends(error.mean, error.low, error.high)} %"
    chosen = f"; {_kind(found.kindness)}" if found.kindness else ""
    return f"{name(best.model)}, {how_trained(best)}: {tested}{chosen}{_worse_than_probed(found.kindness, error.low)}"


def how_trained(row: Row) -> str:
    """Whether the backbone of a finalist stayed as it was."""
    return "as frozen features" if row.fact("finetune") == "head" else "after fine-tuning"


def misses(found: Picked) -> list[str]:
    """A line for each model that came near."""
    return [f"just missed: {name(one.model)} ({plain(one.stage)}: {plain(one.reason)})" for one in found.misses]


def random_check(check: RandomCheck) -> str:
    """Whether models drawn at random hint at something better than what was chosen by what is published."""
    error, others = fixed(check.error, 1), fixed(check.others, 1)
    of = f"the best of {counted(check.num_models, 'random model')}, {name(check.model)}, has {error} % in probe 1"
    if check.error < check.others:
        return f"{of}, better than the {others} % of all others: a longer --shortlist may find more"
    return f"{of}, the best of the others {others} %: nothing hints at a better region beside the shortlist"


def _worse_than_probed(kindness: Kindness | None, low: float) -> str:
    """Where luck alone does not explain it: the finals train a head by steps, and the probe fits one to the end."""
    if kindness is None or low <= _worst(kindness) + kindness.pp:
        return ""
    return "; its head has learnt less in the finals than in its probe: try more --epochs, or another --lr"


def _worst(kindness: Kindness) -> float:
    """The upper end of the validation error, over drawing other images, in percent."""
    from scipy.special import ndtri

    return 100 * wilson(kindness.error / 100, kindness.num_images, float(ndtri(1 - ALPHA / 2)))[1]


def _kind(kindness: Kindness) -> str:
    chosen = f"chosen from {kindness.num_models:,} by {counted(kindness.num_images, 'validation image')}"
    return f"{chosen}: {fixed(kindness.error, 1)} %, expected to be {fixed(kindness.pp, 1)} pp too kind"
