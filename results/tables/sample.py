"""What figures are about, in words: so many images or groups of them, and so many trainings of each model."""

from __future__ import annotations

from collections import Counter

from results.ranking.summary import Summary
from results.tables.number_format import counted
from results.tables.text import listed

# With fewer, how groups differ is known too roughly for an interval to hold what it says.
FEW_GROUPS = 20


def title(summary: Summary) -> str:
    """What is shown, on how much data, and what its signs mean."""
    if not summary.ranked:
        return "No trial ended well: there is nothing to rank."
    unit = "groups" if summary.num_groups else "images"
    over = unit if one_seed_each(summary) else f"{unit} and {draw(summary)}s"
    what = f"{summary.folds}-fold cross-validation error" if summary.folds else "Test error"
    groups = f" in {counted(summary.num_groups, 'group')}" if summary.num_groups else ""
    tested = f"{counted(summary.num_images, 'image')}{groups}"
    return f"{what} on {tested}, {_num_draws(summary)}  (95 % intervals over {over})"


def draw(summary: Summary) -> str:
    """What a model is trained anew from: a seed, and with folds a seed that cuts anew as well."""
    return "repeat" if summary.folds else "seed"


def _num_draws(summary: Summary) -> str:
    (fewest, most), name = summary.num_seeds, draw(summary)
    return counted(most, name) if fewest == most else f"{fewest} to {counted(most, name)}"


def one_seed_each(summary: Summary) -> bool:
    return summary.num_seeds[1] == 1


def remarks(summary: Summary) -> list[str]:
    """What a reader must know of what was drawn, one line each."""
    said = (_cross_validated(summary), _clustered(summary), _one_seed(summary), _fewer_seeds(summary))
    return [line for line in said if line]


def _cross_validated(summary: Summary) -> str:
    if not summary.folds:
        return ""
    return (
        f"Each image was tested once a repeat, by the one of {summary.folds} trainings that did not see its fold; they "
        "share images, which makes intervals a little too narrow."
    )


def _clustered(summary: Summary) -> str:
    """That images of one group count as belonging together."""
    if summary.clusters is None:
        return ""
    largest = max(Counter(summary.clusters.tolist()).values())
    groups = f"{counted(summary.num_groups, 'group')} of up to {counted(largest, 'image')}"
    few = f"; with fewer than {FEW_GROUPS} they are rough" if summary.num_groups < FEW_GROUPS else ""
    return f"Intervals and tests are clustered: what was drawn are {groups}, not single images{few}."


def _one_seed(summary: Summary) -> str:
    if not one_seed_each(summary):
        return ""
    if summary.folds:
        return "One repeat: this compares these trainings; --repeats 3 also shows what new ones on other folds change."
    return "One seed: this compares these checkpoints; --seeds 3 also shows how much a new training changes."


def _fewer_seeds(summary: Summary) -> str:
    """Models with fewer seeds than others: what drawing other seeds does to them is learnt from the rest."""
    fewest, most = summary.num_seeds
    if fewest == most:
        return ""
    models = [row.model for row in summary.ranked if len(summary.correct[row.model]) < most]
    whose = "its" if len(models) == 1 else "their"
    name = draw(summary)
    return f"Fewer than {most} {name}s: {listed(models)}; {whose} {name} effect is borrowed from the other models."
