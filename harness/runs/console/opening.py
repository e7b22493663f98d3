"""What is said before a run's first trial: versions and machine, data, plan, and where the results go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness._version import __version__
from results.tables.number_format import counted
from zoo.specs import SPLITS

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext

FEW_IMAGES, FOLDS = 300, 5  # with fewer in the test part, so many folds are proposed


def opening_lines(context: RunContext, planned: Sequence[Planned], folder: str, num_done: int) -> list[str]:
    """A line for each of them, and for what is worth a warning or a hint."""
    machine, data = context.machine, context.dataset.facts
    versions = [f"{name} {machine[name]}" for name in ("torch", "timm") if machine.get(name)]
    hardware = [accelerator["name"] for accelerator in machine["accelerators"]] or [machine["cpu"]]
    train = planned[0].trial.train
    return [
        " · ".join([f"harness {__version__}", *versions, *hardware, f"{machine['cores']} cores"]),
        f"data     {data['name']} · {len(data['classes'])} classes · {_counts(context.dataset)} · "
        f"fingerprint {data['fingerprint'][:8]}",
        *_grouping(context.dataset),
        *(f"warning  {note}" for note in context.dataset.notes),
        *_few_images(context.dataset),
        f"plan     {_product(planned)} = "
        f"{counted(len(planned), 'trial')}{f', {num_done:,} of them done' if num_done else ''} · "
        f"up to {train.epochs} epochs, patience {train.patience}",
        f"store    {folder}",
    ]


def _product(planned: Sequence[Planned]) -> str:
    """`3 models × 2 seeds`, or `3 models × 5 folds`, and how often that is repeated."""
    num_models, num_seeds = len({item.trial.model for item in planned}), len({item.trial.seed for item in planned})
    models, folds = counted(num_models, "model"), planned[0].trial.folds
    if not folds:
        return f"{models} × {counted(num_seeds, 'seed')}"
    return f"{models} × {folds:,} folds{f' × {num_seeds:,} repeats' if num_seeds > 1 else ''}"


def _counts(dataset: Dataset) -> str:
    """Images in each part; of cross-validation those of the first fold."""
    counts = " / ".join(f"{part} {dataset.counts[part]:,}" for part in SPLITS)
    if not dataset.folds:
        return counts
    return f"{dataset.facts['num_test']:,} images in {dataset.facts['folds']} folds, the first: {counts}"


def _grouping(dataset: Dataset) -> list[str]:
    """What is said of groups: that they stay together, and what that does to intervals."""
    if not dataset.groups:
        return []
    sizes = Counter(unit for units in dataset.groups.values() for unit in units).values()
    fewest, most = min(sizes), max(sizes)
    images = f"{fewest:,} to {counted(most, 'image')}" if fewest < most else f"{counted(most, 'image')} each"
    said = f"{counted(len(sizes), 'group')} of {images}"
    return [f"groups   {said}: no split takes one apart, and intervals are clustered by them"]


def _few_images(dataset: Dataset) -> list[str]:
    """What folds would bring, where few images are tested and all could be."""
    if not are_few(dataset):
        return []
    num_test, num_all = dataset.counts["test"], len(dataset.pools["train"].labels)
    width = (num_test / num_all) ** 0.5
    return [
        f"hint     {num_test:,} test images are few: --folds {FOLDS} tests all {num_all:,} once, which makes intervals"
        f" about {100 * (1 - width):.0f} % narrower, for {FOLDS} trainings of each model instead of one"
    ]


def are_few(dataset: Dataset) -> bool:
    """Whether few images are tested, and all could be: nothing is parted yet, and there are enough of each class."""
    own, labels = set(dataset.pools) - {"train"}, dataset.pools["train"].labels
    can_fold = not own and min(Counter(labels).values()) >= FOLDS
    return can_fold and not dataset.folds and dataset.counts["test"] < FEW_IMAGES
