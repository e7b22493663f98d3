"""Which images probe a model: a few first, more later, the same for all models and the first among the later.

A person's test images are never among them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.data.fingerprint import dataset_fingerprint, images_fingerprint
from harness.data.pools import ImageSet
from harness.data.splits import Part, SplitPlan
from harness.data.units import units_of

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.dataset import Dataset

A_CLASS = 20  # images of the first set
TIMES_MORE = 4  # as many in the second
BOUNDS = {"cpu": (200, 500)}  # least and most images of the first set
BOUNDS_ELSEWHERE = (300, 2000)
FIRST, MORE, VAL = "first", "more", "val"  # the pools of what is probed on


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedImages:
    """The images that models are judged on: their labels, and numbers equal for images that belong together."""

    labels: tuple[int, ...]
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeImages:
    """What the probes of both stages see, as datasets.

    `first` has the images of the first stage and no others, as its train part. `second` has them too, as its val part
    those that come to them, and as its test part the validation images. `judged` are those that models are judged on:
    at stage 1 the first set, of which each is left out in turn; at stage 2 the validation images.
    """

    first: Dataset
    second: Dataset
    judged: Mapping[int, JudgedImages]


def set_sizes(num_classes: int, device_type: str) -> tuple[int, int]:
    """Images in the first and in the second set: `A_CLASS` a class, within what the device does in minutes."""
    least, most = BOUNDS.get(device_type, BOUNDS_ELSEWHERE)
    first = min(max(A_CLASS * num_classes, least), most)
    return first, TIMES_MORE * first


def choose_images(dataset: Dataset, num_first: int, num_second: int, seed: int = 0) -> ProbeImages:
    """The sets: of the training images of `dataset`, and at most `num_second` of its validation images.

    Groups stay whole, so that a set may have some images more. Without groups, copies of an image are one.
    """
    units = dataset.groups or units_of({name: pool.identity for name, pool in dataset.pools.items()})
    train, val = dataset.plan.train, dataset.plan.val
    first, second = _nested(dataset, train, units, (num_first, num_second), seed)
    (judging,) = _nested(dataset, val, units, (num_second,), seed)
    pools = {
        FIRST: _subset(dataset.pools[train.pool], first),
        MORE: _subset(dataset.pools[train.pool], second[len(first) :]),
        VAL: _subset(dataset.pools[val.pool], judging),
    }
    # One fingerprint for both: what is kept of the first stage's images is then known again in the second.
    contents = [(name, pool.fingerprint, pool.labels) for name, pool in pools.items()]
    fingerprint = dataset_fingerprint(dataset.classes, contents)
    return ProbeImages(
        first=_dataset(dataset, {FIRST: pools[FIRST]}, fingerprint),
        second=_dataset(dataset, pools, fingerprint),
        judged={
            stage: JudgedImages(labels=tuple(pools[name].labels), units=tuple(units[part.pool][row] for row in rows))
            for stage, name, part, rows in ((1, FIRST, train, first), (2, VAL, val, judging))
        },
    )


def _nested(
    dataset: Dataset, part: Part, units: Mapping[str, Sequence[int]], nums: Sequence[int], seed: int
) -> list[list[int]]:
    return nested_rows(part.rows, dataset.pools[part.pool].labels, units[part.pool], nums, seed)


def nested_rows(
    rows: Sequence[int], labels: Sequence[int], units: Sequence[int], nums: Sequence[int], seed: int
) -> list[list[int]]:
    """For each of the rising `nums` about so many of `rows`, each set at the beginning of the next.

    `labels` and `units` are by row. Units are drawn whole, always one of the class that has the fewest images by then:
    classes come to equal numbers, as far as they have so many images.
    """
    drawn: list[int] = []
    sets: list[list[int]] = []
    waiting = _in_turn(rows, labels, units, seed)
    for num in nums:
        while len(drawn) < num and (of_unit := next(waiting, None)):
            drawn += of_unit
        sets.append(list(drawn))
    return sets


def _in_turn(rows: Sequence[int], labels: Sequence[int], units: Sequence[int], seed: int) -> Iterator[list[int]]:
    """The rows of one unit after the other."""
    members: dict[int, list[int]] = {}
    queues: dict[int, list[int]] = {}
    for row in rows:
        members.setdefault(units[row], []).append(row)
        queues.setdefault(labels[row], []).append(units[row])
    order = sorted(queues)
    Random(f"probe {seed}").shuffle(order)  # of classes, for sets with fewer images than there are classes
    for label, queue in queues.items():
        queue[:] = dict.fromkeys(queue)  # once each
        Random(f"probe {seed} class {label}").shuffle(queue)
    counts = dict.fromkeys(queues, 0)
    heap = [(0, place) for place in range(len(order))]
    while heap:
        count, place = heapq.heappop(heap)
        label = order[place]
        if count == counts[label]:
            of_unit = _next_unit(queues[label], members)
            if of_unit is None:  # this class has no more
                continue
            for row in of_unit:
                counts[labels[row]] += 1
            yield of_unit
        heapq.heappush(heap, (counts[label], place))  # where a unit of another class has brought some: with those


def _next_unit(queue: list[int], members: dict[int, list[int]]) -> list[int] | None:
    """The rows of the next unit that another class has not taken."""
    while queue:
        if of_unit := members.pop(queue.pop(), None):
            return of_unit
    return None


def _subset(pool: ImageSet, rows: Sequence[int]) -> ImageSet:
    """These images of a pool, as a pool; what is theirs to say of sizes is that of all."""
    identity = [pool.identity[row] for row in rows]
    images: Tensor | list[Path]
    if isinstance(pool.images, Tensor):
        images = pool.images[torch.tensor(rows, dtype=torch.int64)]
    else:
        images = [pool.images[row] for row in rows]
    return replace(
        pool,
        images=images,
        labels=[pool.labels[row] for row in rows],
        identity=identity,
        fingerprint=images_fingerprint(identity, images.shape[1:] if isinstance(images, Tensor) else ()),
        states=[pool.states[row] for row in rows] if pool.states else (),
    )


def _dataset(dataset: Dataset, pools: Mapping[str, ImageSet], fingerprint: str) -> Dataset:
    """The dataset with these pools alone: the first as its train part, further ones as val and test, or none there."""
    names = [*pools, FIRST, FIRST]
    rows = [range(len(pool.labels)) for pool in pools.values()] + [range(0), range(0)]
    train, val, test = (Part(pool=name, rows=own) for name, own in zip(names[:3], rows[:3], strict=True))
    return replace(
        dataset,
        plan=SplitPlan(train=train, val=val, test=test),
        folds={},
        groups={},
        pools=pools,
        fingerprint=fingerprint,
        _prepared={},
        _notes=[],
        _statistics={},
    )
