"""Twice the images, twice the time, and no more memory than they take themselves: `pytest -m slow -s` on this file."""

from __future__ import annotations

import subprocess
import sys
from time import process_time
from timeit import timeit

import numpy as np
import pytest
import torch
from torch import nn

from harness.data.batches.batches import PixelBatches
from harness.data.load import DatasetSource, load
from harness.data.pixels.geometry import Geometry
from harness.timing.memory import MIB
from harness.training.feature_store import FeatureStore
from harness.training.finetune import prepare
from harness.training.loop import fit
from tests.benchmarks.peers.generate import jpegs
from tests.harness.tiny import config, trainable
from tests.harness.training.test_finetune import ZOO, splits
from zoo.building import build
from zoo.specs import Task

pytestmark = pytest.mark.slow
TIMES = (1, 2, 4, 8)
SPREAD_MIB = 60  # of one and the same peak, from process to process; the images differ by more than 100


def epoch_seconds(images):
    labels = torch.arange(len(images)) % 10
    data = PixelBatches(images, labels, mean=(0.5,), std=(0.5,), channels_out=1, batch_size=64)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    start = process_time()
    fit(trainable(model), data, data, config(epochs=1, batch_size=64), seed=1)
    return process_time() - start


def test_an_epochs_cpu_seconds_grow_along_a_straight_line():
    images = torch.zeros(4000 * max(TIMES), 1, 28, 28, dtype=torch.uint8).random_(256)
    rounds = [[epoch_seconds(images[: 4000 * times]) for times in TIMES] for _ in range(7)]
    seconds = np.array(rounds).min(0)
    line = np.polyval(np.polyfit(TIMES, seconds, 1, w=1 / seconds), TIMES)
    print(
        "\nCPU s an epoch",
        *(f"{times}x {s:.3f} ({s / on:.3f} of the line)" for times, s, on in zip(TIMES, seconds, line, strict=True)),
    )
    assert np.abs(seconds / line - 1).max() < 0.1


def peak_mib(*arguments):
    command = [sys.executable, "-m", "tests.benchmarks.footprint", *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_grows_by_the_images_own_bytes():
    sizes = [20_000 * times for times in TIMES]
    peaks = [peak_mib("tensor", size) for size in sizes]
    beyond = [peak - size * 784 / MIB for peak, size in zip(peaks, sizes, strict=True)]
    print(
        "\npeak MiB",
        *(f"{s:,} images {peak:.0f}, {b:.0f} beyond them" for s, peak, b in zip(sizes, peaks, beyond, strict=True)),
    )
    assert max(beyond) - min(beyond) < SPREAD_MIB


def test_a_folder_beyond_the_memory_budget_streams_with_a_flat_peak(tmp_path):
    jpegs(tmp_path, 40, 8)
    peaks = {size: peak_mib("folder", size, tmp_path) for size in (400, 1600)}
    print(
        "\npeak MiB",
        *(f"{size} images of {size * 3 * 224**2 / MIB:.0f} MiB: {mib:.0f}," for size, mib in peaks.items()),
    )
    assert abs(peaks[1600] - peaks[400]) < SPREAD_MIB


def test_the_second_model_of_a_run_finds_its_pixels_ready(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    jpegs(tmp_path / "data", 200, 100)
    geometry = Geometry(size=224, channels=3, stored_channels=3, short_side=256)
    dataset = load(DatasetSource(data_dir=tmp_path / "data"), num_threads=1)
    first, second = (timeit(lambda: dataset.pixels(geometry), number=1) for _ in range(2))
    print(f"\ndata seconds: first model {first:.3f}, second {second:.4f}")
    assert second < 0.05 * first


def feature_seconds(folder, head, seed):
    torch.manual_seed(0)
    built = build(ZOO.select("resnet18")[0].spec, Task(num_classes=3, image_size=224, channels=3), head=head)
    data = splits(224, seed=seed)
    start = process_time()
    prepare(built, data, config(finetune="head"), FeatureStore(folder))
    return process_time() - start


def test_a_second_seed_or_head_on_a_backbone_finds_its_features_ready(tmp_path):
    first, *others = [
        feature_seconds(tmp_path, head, seed) for head, seed in (("linear", 1), ("linear", 2), ("mlp:64:0.2", 1))
    ]
    print(f"\nfeature seconds: first {first:.3f}, second seed {others[0]:.3f}, second head {others[1]:.3f}")
    # One image still goes through the backbone, to know it by what it does.
    assert max(others) < 0.2 < first
