"""An opened dataset, and its pixels as each model wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from warnings import warn

import torch
from torch import Tensor

from harness.data.channel_statistics import MeanStd, statistics_for
from harness.data.files.regular import below, common_folder
from harness.data.files.unreadable import require_readable
from harness.data.fingerprint import short_hash
from harness.data.formats.sixteen_bits import FULL
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.prepare import prepare
from harness.data.pixels.sources import Source
from harness.data.pools import ImageSet
from harness.data.splits import Part, SplitPlan
from results.store.image_names import ImageNames
from zoo.specs import SPLITS


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPart:
    """One part of the split: its `labels`, and the `rows` of `images` that they belong to."""

    images: Source
    rows: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSplits:
    """The pixels of all parts for one geometry, the normalisation that goes with them, and what could not be kept."""

    train: PreparedPart
    val: PreparedPart
    test: PreparedPart
    geometry: Geometry
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Dataset:
    """An opened dataset. `size` is the median short side of its images, `seconds` what opening took,
    `num_threads` how many decode (None: one a core), `left_out` the files that were bad and skipped, `white_level` the
    value that is white in files of 16 bits, `tell` is called with notes on what could not be kept, `held` keeps others
    from clearing its pixels out of the cache. `folds` are the plans of cross-validation by seed and fold, the first of
    which is `plan`; `groups` are numbers for the images of each pool, equal for images of one group."""

    name: str
    classes: tuple[str, ...]
    fingerprint: str
    size: int
    channels: int
    plan: SplitPlan
    pools: Mapping[str, ImageSet]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0
    num_threads: int | None = None
    white_level: int = FULL
    folds: Mapping[tuple[int, int], SplitPlan] = field(default_factory=dict)
    groups: Mapping[str, Sequence[int]] = field(default_factory=dict)
    tell: Callable[[str], None] = warn
    held: BinaryIO | None = None
    _prepared: dict[str, Source] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)
    _statistics: dict[str, MeanStd] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Images in each part."""
        return {name: len(getattr(self.plan, name).rows) for name in SPLITS}

    @property
    def facts(self) -> dict[str, Any]:
        """What identifies the dataset and its split, as plain data."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            **{f"num_{part}": count for part, count in self.counts.items()},
            **({"num_test": len(self.pools["train"].labels)} if self.folds else {}),
            "left_out": list(self.left_out),
            # Only where it says something: runs of before have no such key, and go on.
            **({"white_level": self.white_level} if self.white_level != FULL else {}),
            **self._cut_facts(),
        }

    def _cut_facts(self) -> dict[str, Any]:
        """Folds and groups; and a hash of who is where, which a library's next version may cut otherwise."""
        if not (self.folds or self.groups):
            return {}
        facts: dict[str, Any] = {"folds": max(fold for _, fold in self.folds)} if self.folds else {}
        if self.groups:
            units = [list(units) for units in self.groups.values()]
            facts |= {"num_groups": len(set().union(*units)), "groups": short_hash(units)}
        plans = list(self.folds.values()) or [self.plan]
        return facts | {"cut": short_hash([[list(getattr(plan, part).rows) for part in SPLITS] for plan in plans])}

    def of(self, seed: int, fold: int | None) -> Dataset:
        """The dataset as the trial of that seed and fold sees it; images that were prepared are shared."""
        return self if fold is None else replace(self, plan=self.folds[seed, fold], _statistics={})

    @property
    def test_places(self) -> dict[str, list[int]]:
        """For each test image its row in the dataset, where there are folds, and its group, where there are such."""
        test = self.plan.test
        rows = {"rows": list(test.rows)} if self.folds else {}
        groups = {"groups": [self.groups[test.pool][row] for row in test.rows]} if self.groups else {}
        return rows | groups

    def labels(self, part: Part) -> list[int]:
        """The label of each of a part's images."""
        labels = self.pools[part.pool].labels
        return [labels[row] for row in part.rows]

    @property
    def test_images(self) -> ImageNames:
        """What the test images are called, in the order in which every model is tested on them: with folds all."""
        part = Part(pool="train", rows=range(len(self.pools["train"].labels))) if self.folds else self.plan.test
        images, labels = self.pools[part.pool].images, self.labels(part)
        if isinstance(images, Tensor):
            return ImageNames(folder="", pool=part.pool, images=list(part.rows), labels=labels)
        folder = common_folder(path for pool in self.pools.values() for path in _files(pool))
        names = below(folder, [images[row] for row in part.rows])
        return ImageNames(folder=folder, pool=part.pool, images=names, labels=labels)

    def require_readable(self) -> None:
        """Decode every file of every part. Raises one error for all that cannot be read."""
        files = {name: files for name, pool in self.pools.items() if (files := _files(pool))}
        require_readable(files, thorough=True)

    def pixels(self, geometry: Geometry) -> PreparedSplits:
        """Every image decoded and resized as `geometry` says, once in this process for all models that share it."""
        geometry = replace(geometry, white_level=self.white_level)
        parts = {name: self._part(getattr(self.plan, name), geometry) for name in SPLITS}
        mean, std = self._normalisation(parts["train"], geometry)
        return PreparedSplits(**parts, geometry=geometry, mean=mean, std=std, notes=tuple(self._notes))

    def _part(self, part: Part, geometry: Geometry) -> PreparedPart:
        return PreparedPart(
            images=self._source(part.pool, geometry),
            rows=torch.tensor(part.rows),
            labels=torch.tensor(self.labels(part)),
        )

    def _source(self, name: str, geometry: Geometry) -> Source:
        key = f"{name} {geometry.key}"
        if key not in self._prepared:
            pool = self.pools[name]
            self._prepared[key] = prepare(
                pool.images, geometry, pool.fingerprint, self.num_threads, pool.states, self._unkept
            )
        return self._prepared[key]

    def _unkept(self, note: str) -> None:
        if note not in self._notes:  # two parts of one size have one note
            self._notes.append(note)
            self.tell(note)

    def _normalisation(self, train: PreparedPart, geometry: Geometry) -> MeanStd:
        """A pretrained model's own mean and std, or those of the training images."""
        if geometry.mean is not None and geometry.std is not None:
            return geometry.mean, geometry.std
        if geometry.key not in self._statistics:
            pool = self.pools[self.plan.train.pool].images
            self._statistics[geometry.key] = statistics_for(pool, train.images, train.rows)
        return self._statistics[geometry.key]


def _files(pool: ImageSet) -> Sequence[Path]:
    """The files of a pool; none where its images are a tensor."""
    return () if isinstance(pool.images, Tensor) else pool.images
