from __future__ import annotations

import torch

from harness.data.batches import progress
from harness.data.batches.progress import EpochProgress
from harness.plan.config import TrainConfig
from harness.training.loop import fit
from tests.harness.tiny import batches, convnet, trainable


def clock(monkeypatch, *times):
    readings = iter(times)
    monkeypatch.setattr(progress, "perf_counter", lambda: next(readings))


def batch(size):
    return torch.zeros(size, 1), torch.zeros(size)


def test_figures_are_those_of_the_epoch_so_far(monkeypatch):
    # begin; each batch: come, asked for the next; three of them
    clock(monkeypatch, 100.0, 100.5, 101.0, 101.25, 102.0, 102.5, 103.0)
    told = []
    follow = EpochProgress(tell=told.append, every_s=1.0).of([batch(4), batch(4), batch(2)], 3, 10, 13)
    assert [len(images) for images, _ in follow] == [4, 4, 2]
    assert told == [
        {"epoch": 3, "batch": 11, "batches": 13, "images_per_s": 4 / 1.25, "wait_share": 0.75 / 1.25},
        {"epoch": 3, "batch": 12, "batches": 13, "images_per_s": 8 / 2.5, "wait_share": 1.25 / 2.5},
    ]


def test_it_is_told_by_time_and_not_by_batch(monkeypatch):
    clock(monkeypatch, 100.0, *(100.0 + step / 100 for step in range(1, 200)))
    told = []
    list(EpochProgress(tell=told.append, every_s=0.4).of([batch(1)] * 99, 1, 0, 99))
    assert len(told) == 5


def test_the_loop_tells_of_its_batches_and_trains_as_without():
    told, config = [], TrainConfig(epochs=2, batch_size=16)
    histories = [
        fit(trainable(convnet()), batches(), batches(), config, seed=1, progress=one)
        for one in (None, EpochProgress(tell=told.append, every_s=0.0))
    ]
    rows = [[{k: v for k, v in row.items() if "seconds" not in k} for row in one.rows] for one in histories]
    assert rows[0] == rows[1]
    assert [(one["epoch"], one["batch"], one["batches"]) for one in told] == [
        (1, 1, 4), (1, 2, 4), (1, 3, 4), (2, 1, 4), (2, 2, 4), (2, 3, 4),
    ]  # fmt: skip
    assert all(one["images_per_s"] > 0 and 0 <= one["wait_share"] <= 1 for one in told)
