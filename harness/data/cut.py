"""How the images of a dataset are cut, so that no image and no group stands on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.data.duplicates import ImageIdentities, without_copies
from harness.data.files.unreadable import files_of
from harness.data.folds import plan_folds
from harness.data.splits import SplitPlan, plan_splits
from harness.data.units import units_of
from zoo import LabelledImages


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One plan, and those of cross-validation by seed and fold; what no part takes apart, by pool; what was left out.

    `units` has a number for each image, equal for images that stay together; it is empty where nobody asked.
    """

    plan: SplitPlan
    folds: Mapping[tuple[int, int], SplitPlan] = field(default_factory=dict)
    units: Mapping[str, Sequence[int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def split(
    images: LabelledImages,
    seed: int,
    shares: Mapping[str, float],
    known: Mapping[str, ImageIdentities],
    groups: Mapping[str, Sequence[str]] | None,
) -> Cut:
    """Into train, val and test. Of what occurs in two parts, image or group, train has nothing."""
    units = units_of(_identities(known), groups) if groups is not None else {}
    plan = plan_splits(images, seed=seed, **shares, units=units.get("train"))
    plan, copies = without_copies(plan, known)
    of_units = {pool: replace(known[pool], identity=[str(unit) for unit in units[pool]]) for pool in units}
    plan, others = without_copies(plan, of_units, grouped=True) if units else (plan, ())
    return Cut(plan=plan, units=units, notes=(*_ties(units, groups), *copies, *others))


def folded(
    images: LabelledImages,
    folds: int,
    seeds: Sequence[int],
    val_split: float,
    known: Mapping[str, ImageIdentities],
    groups: Mapping[str, Sequence[str]] | None,
) -> Cut:
    """Into folds, once for each seed. Copies of an image stay in one fold, as groups do."""
    units, grouped = units_of(_identities(known), groups), groups is not None
    own = units["train"] if grouped or len(set(units["train"])) < len(units["train"]) else None
    plans = {
        (seed, number): plan
        for seed in seeds
        for number, plan in enumerate(
            plan_folds(images, folds, seed=seed, val_split=val_split, units=own, grouped=grouped), 1
        )
    }
    return Cut(plan=next(iter(plans.values())), folds=plans, units=units, notes=_ties(units, groups))


def by_row(groups: Mapping[Path, str] | None, images: LabelledImages) -> dict[str, list[str]] | None:
    """The group of each image of each part."""
    if groups is None:
        return None
    return {part: [groups[path] for path in paths] for part, paths in files_of(images).items()}


def _ties(units: Mapping[str, Sequence[int]], groups: Mapping[str, Sequence[str]] | None) -> tuple[str, ...]:
    """A note where copies of images tie groups together, since their number is then not what a person expects."""
    if groups is None:
        return ()
    named = {(groups[pool][row], unit) for pool in groups for row, unit in enumerate(units[pool]) if groups[pool][row]}
    num_tied = len({name for name, _ in named}) - len({unit for _, unit in named})
    return (f"groups that share an image count as one: {num_tied:,} fewer than there are names",) if num_tied else ()


def _identities(known: Mapping[str, ImageIdentities]) -> dict[str, Sequence[str]]:
    return {pool: images.identity for pool, images in known.items()}
