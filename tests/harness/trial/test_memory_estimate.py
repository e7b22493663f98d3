"""What is foretold of memory, against what torch's own allocator counts in a training."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from harness.data.batches.batches import PixelBatches
from harness.data.load import DatasetSource, load
from harness.training.loop import fit
from harness.training.model import TrainableModel
from harness.trial import memory_estimate
from harness.trial.memory_estimate import BESIDE_DEVICE, build_without_memory, estimate
from tests.harness.tiny import CPU, config
from zoo import ModelSpec
from zoo.building import build
from zoo.discovery import discover
from zoo.selection import Choice
from zoo.specs import Task

SIZE, NUM_IMAGES = 64, 64
ZOO = discover()
INFINITE = float("inf")


@pytest.fixture(scope="module")
def dataset():
    return load(DatasetSource(spec=ZOO.dataset("digits")))


def small(**changes):
    return config(**({"img_size": SIZE, "batch_size": 32, "epochs": 1, "opt": "adamw"} | changes))


def allocated(work) -> int:
    """The peak in bytes of what torch's allocator on the CPU gave out during `work`."""
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        work()
    now = peak = 0
    for event in profiled.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            peak = max(peak, now)
    return peak


def train(name: str, batch_size: int) -> None:
    task = Task(num_classes=10, image_size=SIZE, channels=3)
    model = build(ZOO.select(name)[0].spec, task).model
    images, labels = torch.zeros(NUM_IMAGES, 3, SIZE, SIZE, dtype=torch.uint8), torch.arange(NUM_IMAGES) % 10
    batches = PixelBatches(images, labels, mean=(0.5,) * 3, std=(0.2,) * 3, channels_out=3, batch_size=batch_size)
    fit(TrainableModel(model=model, device=CPU, forward=model), batches, batches, small(batch_size=batch_size), seed=1)


@pytest.mark.parametrize(
    ("name", "batch_size"),
    [("resnet18", 32), ("squeezenet1_1", 32), pytest.param("mobilenet_v3_small", 64, marks=pytest.mark.once)],
)
def test_the_estimate_is_what_torch_allocates_in_a_training(dataset, monkeypatch, name, batch_size):
    monkeypatch.setattr(memory_estimate, "BESIDE", {"cpu": 0})
    monkeypatch.setattr(memory_estimate.TrainingMemory, "_saving", lambda self, held: 0)  # `fit` has no checkpoints
    monkeypatch.setattr(type(dataset), "counts", {"train": NUM_IMAGES, "val": NUM_IMAGES, "test": 1})
    foretold = estimate(small(batch_size=batch_size), ZOO.select(name)[0], dataset, "cpu", INFINITE).num_bytes
    assert foretold == pytest.approx(allocated(lambda: train(name, batch_size)), rel=0.25)


class Net(nn.Sequential):
    """Large activations, most of them before the pooling, and few parameters."""

    def __init__(self, task: Task) -> None:
        first = nn.Conv2d(task.channels, 64, 3, padding=1)
        last = (nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(4096, task.num_classes))
        super().__init__(first, nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid(), *last)


CHOICE = Choice(spec=ModelSpec(name="mine/net", build=Net), owner="mine")
PARAMETERS = 4 * (64 * 9 + 64 + 4096 * 10 + 10)


def foretold(dataset, room=INFINITE, device_type="cuda", **changes):
    return estimate(small(**changes), CHOICE, dataset, device_type, room)


def test_an_optimiser_is_counted_with_what_it_keeps_of_each_parameter(dataset):
    adamw, momentum, plain = (
        foretold(dataset, opt=opt, momentum=m).num_bytes for opt, m in (("adamw", 0.0), ("sgd", 0.9), ("sgd", 0.0))
    )
    assert (adamw - momentum, momentum - plain) == (PARAMETERS, PARAMETERS)


def test_activations_grow_with_the_images_of_a_pass_and_not_with_those_of_a_step(dataset):
    sizes = {"batch_size": 512, "epochs": 1}
    whole, parts = foretold(dataset, **sizes), foretold(dataset, grad_accum=4, **sizes)
    assert (whole.images, parts.images) == (512, 128)
    assert whole.num_bytes - parts.num_bytes > 384 * 4 * 64 * SIZE * SIZE


def test_a_frozen_backbone_keeps_no_activations(dataset):
    full, frozen = (foretold(dataset, batch_size=1024, finetune=kind).num_bytes for kind in ("full", "head"))
    assert full - frozen > 0.2 * full


def test_what_fits_is_found_by_halving(dataset):
    whole = foretold(dataset, batch_size=1024)
    tight = foretold(dataset, room=whole.num_bytes * 0.7, batch_size=1024)
    assert (whole.grad_accum, whole.batch_size, tight.num_bytes) == (0, 0, whole.num_bytes)
    assert tight.grad_accum == 2
    assert foretold(dataset, batch_size=1024, grad_accum=2).num_bytes <= whole.num_bytes * 0.7


def test_a_smaller_batch_is_no_remedy_where_evaluation_is_what_takes_the_memory(dataset):
    frozen = foretold(dataset, batch_size=256, finetune="head", device_type="cpu")
    tight = foretold(dataset, frozen.num_bytes - 1, batch_size=256, finetune="head", device_type="cpu")
    assert (tight.grad_accum > 0, tight.batch_size) == (True, 0)


def test_where_nothing_fits_no_way_is_named(dataset):
    nothing = foretold(dataset, room=BESIDE_DEVICE)
    assert (nothing.grad_accum, nothing.batch_size, nothing.macs > 0) == (0, 0, True)


def test_a_model_is_seen_at_the_size_that_it_will_be_trained_at(dataset):
    choice = ZOO.select("inception_v3")[0]
    train = replace(small(), img_size=None)
    built, geometry = build_without_memory(train, choice, dataset)
    assert geometry.size >= 75
    assert {one.device.type for one in built.model.parameters()} == {"meta"}


def test_the_larger_weights_of_a_frozen_backbones_fast_copy_are_counted(dataset):
    choice = ZOO.select("resnet18")[0]
    plain, amp = (
        estimate(small(finetune="head", amp=amp), choice, dataset, "cpu", INFINITE).num_bytes for amp in (False, True)
    )
    assert plain - amp > 3.5 * 4 * 10_000_000  # of its 11 million weights, most are in such convolutions
