"""How intervals, ranks and ties of a run were computed, in the words of docs/statistics.md, short."""

from __future__ import annotations

from results.ranking.summary import GAP_PP, Summary
from results.tables.columns import NOT_TOLD_APART, ON_FRONT
from results.tables.sample import draw, one_seed_each

FURTHER = "docs/statistics.md has the sources, and how often each of these was wrong in simulations of known truth."


def statistics(summary: Summary) -> list[tuple[str, str]]:
    """Terms with what they mean in this run; none where nothing was ranked."""
    if not summary.ranked:
        return []
    terms = [("Compared", _compared(summary)), ("Error (95 %)", _error(summary))]
    if len(summary.ranked) > 1:
        terms += [("Rank", RANK), ("May be the best", BEST), ("vs best", VS_BEST)]
        terms += [("p", _p(summary)), ("Images needed", IMAGES)]
    return [*terms, ("Times", TIMES), (ON_FRONT, FRONT)]


RANK = (
    "One more than the number of models that are significantly better, to the number of those that are not "
    "significantly worse; the tests are of all pairs, adjusted by Holm's steps, and all ranks hold together with 95 %."
)
BEST = "The best is among these models, with 95 % confidence; this takes fewer comparisons than the ranks."
VS_BEST = (
    "The difference to the first row, with its interval at the level that the pair was tested at. A tie is said only "
    f"where the whole interval lies within {GAP_PP:g} pp; {NOT_TOLD_APART} is neither a tie nor told apart."
)
IMAGES = (
    f"At which a gap of {GAP_PP:g} pp between two typical models of this table would be found in 80 % of the cases, "
    "by the table's own tests."
)
TIMES = "Medians of all samples of all rounds; an interval is shown where it reaches over 2 %."
FRONT = (
    "No other model beats it on that device: none that is ahead beyond doubt in error or in time is not behind beyond "
    "doubt in the other."
)


def _compared(summary: Summary) -> str:
    unit = "groups of images" if summary.num_groups else "images"
    name = draw(summary)
    also = (
        f"over drawing other {unit} only: this compares the trainings that were made"
        if one_seed_each(summary)
        else f"over drawing other {unit} and training again from other {name}s, whose effect is learnt from all models"
    )
    return f"Image by image, since every model answers the same ones. Intervals are {also}."


def _error(summary: Summary) -> str:
    first = "; the first row's upper end allows for its having been chosen" if len(summary.ranked) > 1 else ""
    return f"Wilson's interval for as many images as would give the variance that was found{first}."


def _p(summary: Summary) -> str:
    if one_seed_each(summary) and not summary.num_groups:
        return "McNemar's test with the mid-p, adjusted for the number of comparisons."
    return "From the differences by image and the effects of seeds, adjusted for the number of comparisons."
