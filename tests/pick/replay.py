"""The rungs of a pick replayed on kept features: how much is lost against trying every model on every image.

    python -m tests.pick.replay FOLDER [--data-dir IMAGES] [--models 60] [--draws 20] [--weights-dir WEIGHTS]

Makes, once, the features of so many small models of timm with random weights on digits, or on a folder of class
folders, and keeps them in FOLDER; models with a file in WEIGHTS (NAME.TAG.safetensors) come first, with its weights.
The grid has the error of each model on all images, in five folds, each judged by a classifier of the four others.

Then, for each of 20 random thirds of the images: the first rung by ridge, the second by logistic regression, and the
finals in five folds of the third, as a pick has them of so few images. What is lost is the error in the grid of the
best model that is left, less that of the best of all. Prints it after each rung, in percentage points, and ends with 1
where the mean of the choice's is over 1.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

import numpy as np
import timm
import torch
from safetensors.torch import load_file

from harness.data.load import DatasetSource, load
from harness.picks.probes import logistic, ridge
from harness.picks.rungs import FIRST_RUNG, SECOND_RUNG, survivors
from zoo.catalogue.snapshot import entries
from zoo.discovery import discover

BATCH = 64
MOST_GMACS = 1.2
WORST = 1.0  # percentage points
FOLDS = 5
# Where predictions alone count, and not a probe's: fits of the grid would take half an hour else.
ROUGHLY = patch.multiple(logistic, NEAR=1e-4, EXACT=1e-4)


@dataclass(frozen=True, slots=True)
class Grid:
    """Features [N, F] of each model, labels [N], what is published of each, and its percentage of errors."""

    features: Mapping[str, torch.Tensor]
    labels: torch.Tensor
    prior: Mapping[str, float]
    errors: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Regret:
    """What the best of the models that are left loses against the best of all, in points, after each step."""

    first: float
    second: float
    chosen: float
    kept: tuple[int, int]


def main() -> int:
    """Make the grid where it is not kept yet, replay, and say what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--models", type=int, default=60)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--side", type=int, default=32, help="of the images, in pixels")
    parser.add_argument("--weights-dir", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    logistic.EXACT = logistic.NEAR / 10  # for predictions: the last digits of probabilities are half of the work
    grid = make_grid(given)
    regrets = []
    for draw, regret in enumerate(by_all_cores(replayed, grid, range(given.draws))):
        regrets.append(regret)
        print(
            f"draw {draw:2}  kept {regret.kept[0]:2} and {regret.kept[1]:2} of {len(grid.features)}  "
            f"regret after rung 1 {regret.first:.2f}, rung 2 {regret.second:.2f}, of the choice {regret.chosen:.2f}",
            flush=True,
        )
    means = [mean(getattr(one, step) for one in regrets) for step in ("first", "second", "chosen")]
    print(f"mean     after rung 1 {means[0]:.2f}, after rung 2 {means[1]:.2f}, of the choice {means[2]:.2f} pp")
    return 0 if means[2] <= WORST else 1


def make_grid(given: argparse.Namespace) -> Grid:
    """The features of every model on every image, from the files of the folder as far as they are there.

    Architectures that do not run on images of that side are left out, and others taken for them.
    """
    images, labels = _images(given.data_dir, given.side)
    files = {path.name.partition(".")[0]: path for path in given.weights_dir.iterdir()} if given.weights_dir else {}
    of_all = _models()
    features, prior = {}, {}
    for name in sorted(of_all, key=lambda name: name not in files):
        if len(features) == given.models:
            break
        try:
            features[name] = _features(given.folder, name, images, files.get(name))
        except (RuntimeError, AssertionError, ValueError) as error:
            print(f"left out: {name} ({str(error).splitlines()[0][:80]})", flush=True)
            continue
        published = of_all[name]
        prior |= {name: published} if published is not None else {}
    errors = dict(zip(features, by_all_cores(_error, (features, labels), features), strict=True))
    print(f"errors of {len(errors)} models: {min(errors.values()):.2f} to {max(errors.values()):.2f} %", flush=True)
    return Grid(features, labels, prior, errors)


def by_all_cores(work: Callable[[Any, Any], Any], given: Any, items: Iterable[Any]) -> Iterator[Any]:
    """What `work` makes of `given` and each item, in their order; forked processes have `given` without a copy."""
    with get_context("fork").Pool(initializer=_shared.update, initargs=({"given": given},)) as pool:
        yield from pool.imap(partial(_one, work), items)


def _one(work: Callable[[Any, Any], Any], item: Any) -> Any:
    return work(_shared["given"], item)


_shared: dict[str, Any] = {}


def replayed(grid: Grid, draw: int) -> Regret:
    """One funnel on a random third of the images, of which a fifth validates."""
    num_images = len(grid.labels)
    third = np.random.default_rng(draw + 1).permutation(num_images)[: num_images // 3]
    val, train = np.split(third, [len(third) // 5])
    num_classes = int(grid.labels.max()) + 1
    first = train[: min(max(20 * num_classes, 200), 500)]
    second = train[: 4 * len(first)]
    errors = grid.errors
    best = min(errors.values())
    right = {name: _ridge(grid, name, first, num_classes) for name in grid.features}
    kept = [one.model for one in survivors(right, grid.prior, {}, FIRST_RUNG).values() if one.is_kept]
    fits = {name: _logistic(grid, name, second, val, num_classes) for name in kept}
    right = {name: (fit.predictions_M == grid.labels[val]).numpy() for name, fit in fits.items()}
    finals = [one.model for one in survivors(right, grid.prior, {}, SECOND_RUNG).values() if one.is_kept]
    folded = {name: _folded(grid.features[name], grid.labels, third, fits[name].c) for name in finals}
    return Regret(
        first=min(errors[name] for name in kept) - best,
        second=min(errors[name] for name in finals) - best,
        chosen=errors[min(finals, key=lambda name: folded[name])] - best,
        kept=(len(kept), len(finals)),
    )


def _ridge(grid: Grid, name: str, rows: np.ndarray, num_classes: int) -> np.ndarray:
    labels = grid.labels[rows]
    return (ridge.fit(grid.features[name][rows], labels, num_classes).predictions_N == labels).numpy()


def _logistic(grid: Grid, name: str, rows: np.ndarray, others: np.ndarray, num_classes: int) -> logistic.LogisticFit:
    features, labels = grid.features[name], grid.labels
    return logistic.fit(features[rows], labels[rows], features[others], labels[others], num_classes)


def _folded(features: torch.Tensor, labels: torch.Tensor, rows: np.ndarray, c: float) -> float:
    """The percentage of the images of `rows` that a classifier of the other folds gets wrong."""
    wrong, num_classes = 0, int(labels.max()) + 1
    for fold in range(FOLDS):
        own = rows[fold::FOLDS]
        others = np.setdiff1d(rows, own)
        with ROUGHLY:
            fit = logistic.fit(features[others], labels[others], features[own], labels[own], num_classes, cs=(c,))
        wrong += int((fit.predictions_M != labels[own]).sum())
    return 100 * wrong / len(rows)


def _error(given: tuple[Mapping[str, torch.Tensor], torch.Tensor], name: str) -> float:
    """Of all images; the penalty is the one that a fifth of them chooses."""
    features, labels = given[0][name], given[1]
    rows = np.random.default_rng(0).permutation(len(labels))
    val, train = np.split(rows, [len(rows) // 5])
    with ROUGHLY:
        c = logistic.fit(features[train], labels[train], features[val], labels[val], int(labels.max()) + 1).c
    return _folded(features, labels, rows, c)


def _images(data_dir: Path | None, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """All images of the data as [N, 3, S, S] in 0..1, and their labels; a folder's are decoded as a run does."""
    from harness.data.pixels.geometry import Geometry

    spec = None if data_dir else discover().dataset("digits")
    dataset = load(DatasetSource(spec=spec, data_dir=data_dir))
    channels = dataset.channels
    geometry = Geometry(size=side, channels=channels, stored_channels=channels, short_side=side)
    pixels = dataset.pixels(geometry)
    parts = [getattr(pixels, part) for part in ("train", "val", "test")]
    images = torch.cat([block for part in parts for block in part.images.blocks([part.rows])]).float() / 255
    return images.expand(-1, 3, -1, -1), torch.cat([part.labels for part in parts])


def _models() -> dict[str, float | None]:
    """Small architectures with what is published of each, one of each family in turn."""
    small = [
        one
        for one in entries()
        if one.library == "timm" and one.macs <= 1e9 * MOST_GMACS and not one.is_fixed_size and one.channels == 3
    ]
    of_architecture = {one.model: one for one in small}
    families: dict[str, list[str]] = {}
    for one in of_architecture.values():
        families.setdefault(one.family, []).append(one.model)
    turns = sorted((place, name) for own in families.values() for place, name in enumerate(sorted(own)))
    return {name.partition("/")[2]: of_architecture[name].published_top1 for _, name in turns}


@torch.inference_mode()
def _features(folder: Path, name: str, images: torch.Tensor, weights: Path | None) -> torch.Tensor:
    path = folder / f"{name}.pt"
    if not path.is_file():
        torch.manual_seed(zlib.crc32(name.encode()))
        model = timm.create_model(name, num_classes=0).eval()
        if weights:
            model.load_state_dict(load_file(weights), strict=False)
        mean_std = [torch.tensor(model.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std")]
        batches = ((batch - mean_std[0]) / mean_std[1] for batch in images.split(BATCH))
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(torch.cat([model(batch) for batch in batches]), path)
        print(f"features of {name}", flush=True)
    features = torch.load(path).double()
    if not features.isfinite().all():
        raise ValueError("its features are not finite")  # which a probe refuses
    return features


if __name__ == "__main__":
    sys.exit(main())
