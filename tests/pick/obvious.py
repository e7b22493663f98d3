"""The probes of a pick beside the script that one would write: the same images, the same models, two clocks.

    python -m tests.pick.obvious FOLDER [--models 40] [--images 300]

Three models with ImageNet weights and 40 with random ones, on a choice of pictures (all from `tests.pick.emoji`). The
script takes timm's own transforms, a DataLoader and scikit-learn's LogisticRegressionCV, a model after the other in one
process with all cores, and its clock starts after the imports; that of the probes starts before those of their
processes. Prints both, and ends with 1 where the best three are not the same or the probes are not thrice as fast.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timm.data import create_transform, resolve_data_config
from torch.utils.data import DataLoader

from harness.data.load import DatasetSource, load
from harness.picks.probes.image_sets import ProbeImages, choose_images
from harness.picks.probes.probe_models import probe_models
from harness.picks.probes.probing import Probing
from harness.plan.config import Numerics, TimingConfig, TrainConfig
from harness.plan.trials import Planned, plan
from tests.pick.emoji import pictures, pretrained, random_weights, weights_file
from zoo.discovery import discover
from zoo.weights import Weights

BEST = 3
TIMES = 3.0


def main() -> int:
    """Run both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=40, help="models with random weights")
    parser.add_argument("--images", type=int, default=300)
    given = parser.parse_args()
    root = pictures(given.folder)
    names = [*pretrained(given.folder), *random_weights(given.folder, given.models)]
    images = choose_images(load(DatasetSource(data_dir=root)), given.images, given.images)
    start = perf_counter()
    ours = probed(given.folder, names, images)
    ours_s = perf_counter() - start
    files = chosen_files(images)
    start = perf_counter()
    theirs = scripted(given.folder, names, files)
    theirs_s = perf_counter() - start
    for what, errors, seconds in (("probes", ours, ours_s), ("script", theirs, theirs_s)):
        shown = ", ".join(f"{name} {errors[name]:.1f} %" for name in best(errors))
        print(f"{what}: {len(names)} models on {len(files)} images in {seconds:.1f} s; best: {shown}")
    print(f"{theirs_s / ours_s:.1f} times as long")
    return 0 if set(best(ours)) == set(best(theirs)) and theirs_s >= TIMES * ours_s else 1


def best(errors: dict[str, float]) -> list[str]:
    """The models of the least errors."""
    return sorted(errors, key=lambda name: errors[name])[:BEST]


def probed(folder: Path, names: list[str], images: ProbeImages) -> dict[str, float]:
    """The first rung: percent of the images that ridge regression on the others gets wrong."""
    with TemporaryDirectory() as work:
        zoo = discover(environment={})
        probing = Probing(folder=Path(work), zoo=zoo, images=images, device=torch.device("cpu"))
        results = probe_models([_trial(zoo, folder, name) for name in names], 1, probing)
    labels = np.asarray(images.judged[1].labels)
    for result in results.values():
        assert result.is_ok, (result.model, result.error)
    in_order = zip(names, results.values(), strict=True)
    return {name: 100 * float((one.predictions_N != labels).mean()) for name, one in in_order}


def _trial(zoo, folder: Path, name: str) -> Planned:
    train = TrainConfig(finetune="head", numerics=Numerics(), weights=Weights(path=str(weights_file(folder, name))))
    (item,) = plan(
        zoo.select(name.partition(".")[0]), [0], dataset="emoji", train=train, timing=TimingConfig(), device="cpu"
    )
    return item


def chosen_files(images: ProbeImages) -> list[tuple[Path, int]]:
    """The files of the first rung's images and their labels."""
    (pool,) = images.first.pools.values()
    return list(zip(pool.images, pool.labels, strict=True))


def scripted(folder: Path, names: list[str], files: list[tuple[Path, int]]) -> dict[str, float]:
    """Percent that LogisticRegressionCV gets wrong in its own folds, at the best of its ten penalties."""
    return {name: _scripted(weights_file(folder, name), name.partition("/")[2], files) for name in names}


def _scripted(weights: Path, name: str, files: list[tuple[Path, int]]) -> float:
    model = timm.create_model(name, num_classes=0).eval()
    model.load_state_dict(load_file(weights), strict=False)
    transform = create_transform(**resolve_data_config({}, model=model))
    loaded = DataLoader(files, batch_size=32, collate_fn=lambda batch: batch)
    features, labels = [], []
    with torch.inference_mode():
        for batch in loaded:
            features.append(model(torch.stack([transform(Image.open(path).convert("RGB")) for path, _ in batch])))
            labels += [label for _, label in batch]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        fitted = make_pipeline(StandardScaler(), LogisticRegressionCV(cv=5)).fit(torch.cat(features).numpy(), labels)
    scores = next(iter(fitted[-1].scores_.values()))
    return 100 * (1 - float(scores.mean(0).max()))


if __name__ == "__main__":
    sys.exit(main())
