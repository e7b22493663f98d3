"""The default path and a loop written out by hand come to the same: minutes, `pytest -m slow -s` on this file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from harness.data.batches.batches import PixelBatches
from harness.training import loop
from harness.training.evaluate import predict
from harness.training.feature_store import FeatureStore
from harness.training.finetune import Splits, prepare
from harness.training.history import epoch_seed
from harness.training.loop import fit
from harness.training.model import TrainableModel, freeze_all_but
from plugins.digits import open_digits
from tests.harness.tiny import CPU, config
from zoo.building import build
from zoo.discovery import discover
from zoo.specs import Task

pytestmark = pytest.mark.slow
ZOO = discover(environment={})
SEEDS, EPOCHS, FIRST = (1, 2, 3, 4, 5), 8, 20
CASES = {"resnet18, head": ("resnet18", "head"), "fc_model, whole": ("fc_model", "full")}


def digits(seed, size):
    images, labels = (open_digits(None).train.images, torch.tensor(open_digits(None).train.labels))
    large = images.repeat_interleave(size // 8, 2).repeat_interleave(size // 8, 3)
    rows = torch.randperm(len(large), generator=torch.Generator().manual_seed(0))

    def part(chosen):
        common = {"mean": (0.5,), "std": (0.25,), "channels_out": 3 if size > 8 else 1, "batch_size": 16}
        return PixelBatches(large, labels[chosen], rows=chosen, seed=seed, **common)

    return Splits(train=part(rows[:320]), val=part(rows[320:640]), test=part(rows[640:]), key=f"digits-{size}")


def built(name, seed):
    torch.manual_seed(seed)
    spec, size = ZOO.select(name)[0].spec, 32 if name == "resnet18" else 8
    made = build(spec, Task(num_classes=10, image_size=size, channels=3 if size > 8 else 1))
    return made, digits(seed, size)


def ours(case, seed, monkeypatch):
    name, finetune = CASES[case]
    losses = []
    loss_of = loop.cross_entropy
    monkeypatch.setattr(loop, "cross_entropy", lambda *args: losses.append(loss_of(*args)) or losses[-1])
    (model, data), settings = (
        built(name, seed),
        config(epochs=EPOCHS, batch_size=16, opt="adam", finetune=finetune, weight_decay=0.0),
    )
    setup = prepare(model, data, settings, FeatureStore())
    assert (setup.train is not data.train) == (finetune == "head")
    fit(setup.trainable, setup.train, setup.val, settings, seed=seed)
    monkeypatch.setattr(loop, "cross_entropy", loss_of)
    return [loss.item() for loss in losses], accuracy(setup.trainable, setup.test(), settings)


def theirs(case, seed):
    name, finetune = CASES[case]
    made, data = built(name, seed)
    heads = made.head.names if finetune == "head" else ()
    freeze_all_but(made.model, heads)
    trainable = TrainableModel(model=made.model, device=CPU, forward=made.model, heads=heads)
    optimizer = torch.optim.Adam([p for p in made.model.parameters() if p.requires_grad], lr=1e-3)
    losses, best = [], (float("inf"), {})
    for epoch in range(EPOCHS):
        torch.manual_seed(epoch_seed(seed, epoch))
        trainable.train_mode()
        for images, labels in data.train.train(epoch):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(made.model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        outputs, labels = predict(trainable, data.val, config())
        best = min(
            best, (nn.functional.cross_entropy(outputs, labels).item(), trainable.snapshot()), key=lambda pair: pair[0]
        )
    trainable.restore(best[1])
    return losses, accuracy(trainable, data.test, config())


def accuracy(trainable, batches, settings):
    outputs, labels = predict(trainable, batches, settings)
    return 100 * (outputs.argmax(1) == labels).float().mean().item()


@pytest.mark.parametrize("case", CASES)
def test_the_default_path_comes_to_what_the_plain_loop_comes_to(case, monkeypatch):
    pairs = [(ours(case, seed, monkeypatch), theirs(case, seed)) for seed in SEEDS]
    fast, plain = (np.array([pair[side][1] for pair in pairs]) for side in (0, 1))
    p = 1.0 if (fast == plain).all() else stats.ttest_rel(fast, plain).pvalue
    apart = max(abs(a / b - 1) for one, other in pairs for a, b in zip(one[0][:FIRST], other[0][:FIRST], strict=True))
    print(
        f"\n{case}: top-1 {fast.round(2)} and {plain.round(2)} %, p = {p:.2f}; first {FIRST} losses within {apart:.1e}"
    )
    assert p > 0.2
    assert apart < 1e-5
