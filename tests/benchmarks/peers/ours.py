"""Ours: the pieces of one trial, on the same images, with an empty cache folder so that nothing is found ready."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torchvision import datasets, models

from harness.data.dataset import Dataset
from harness.data.files.folder import scan_folder
from harness.data.files.unreadable import files_of, require_readable
from harness.data.fingerprint import dataset_fingerprint
from harness.data.pixels.geometry import Geometry
from harness.data.pools import open_pools
from harness.data.splits import Part, SplitPlan
from harness.machine.malloc import keep_freed_memory
from harness.plan.config import Numerics, TimingConfig, TrainConfig, Trial
from harness.training.feature_store import FeatureStore
from harness.training.finetune import prepare
from harness.training.loop import fit
from harness.trial.build import make_splits
from harness.trial.context import TrialContext
from tests.benchmarks.peers import work
from zoo.building import BuiltModel, build
from zoo.specs import LabelledImages, ModelSpec, Split, Task
from zoo.weights import Weights

GEOMETRIES = {
    "mnist": Geometry(size=28, channels=1, stored_channels=1, short_side=28, mean=(0.5,), std=(0.5,)),
    "jpegs": Geometry(
        size=224, channels=3, stored_channels=3, short_side=256, mean=work.PIXEL_MEAN, std=work.PIXEL_STD
    ),
}


def open_images(job: work.Job, data: Path) -> LabelledImages:
    """The training images, and as `val` those that the others evaluate on."""
    if job.data == "jpegs":
        found = scan_folder(data / "jpegs").images
        return LabelledImages(classes=found.classes, train=found.train, val=found.test)
    parts = [datasets.MNIST(str(data / "mnist"), train=part) for part in (True, False)]
    train, val = (Split(images=part.data.unsqueeze(1), labels=part.targets.tolist()) for part in parts)
    return LabelledImages(classes=tuple(parts[0].classes), train=train, val=val)


def open_dataset(job: work.Job, data: Path) -> Dataset:
    """As `harness.data.load` does it, but no image is set aside for a test that the others do not have."""
    images = open_images(job, data)
    pools = open_pools(images, require_readable(files_of(images)))
    train, val = (Part(pool=name, rows=range(len(pool.labels))) for name, pool in pools.items())
    return Dataset(
        name=job.data,
        classes=images.classes,
        fingerprint=dataset_fingerprint(images.classes, [(name, p.fingerprint, p.labels) for name, p in pools.items()]),
        size=pools["train"].size,
        channels=pools["train"].channels,
        plan=SplitPlan(train=train, val=val, test=val),
        pools=pools,
    )


def build_model(job: work.Job, data: Path, config: TrainConfig) -> BuiltModel:
    geometry, num_classes = GEOMETRIES[job.data], work.NUM_CLASSES[job.data]
    task = Task(num_classes=num_classes, image_size=geometry.size, channels=geometry.channels)
    if job.data == "mnist":
        return build(ModelSpec(name=job.model, build=lambda task: work.make_model(job, data)), task)
    spec = ModelSpec(name=job.model, build=lambda task: models.get_model(job.model, num_classes=task.num_classes))
    return build(spec, task, head=config.head, weights=Weights(path=str(data / f"{job.model}.pt")))


def make_trial(job: work.Job, amp: bool) -> Trial:
    frozen = job.data == "jpegs"
    config = TrainConfig(
        epochs=job.epochs,
        batch_size=job.batch_size,
        opt="adam",
        lr=work.LEARNING_RATE,
        weight_decay=0.0,
        sched="constant",
        patience=job.epochs,
        head="mlp:256:0.2" if frozen else "linear",
        finetune="head" if frozen else "full",
        numerics=Numerics(amp=amp),
    )
    return Trial(model=job.model, dataset=job.data, train=config, timing=TimingConfig(), device="cpu", seed=work.SEED)


def train(job: work.Job, data: Path, amp: bool) -> work.Outcome:
    trial, dataset = make_trial(job, amp), open_dataset(job, data)
    context = TrialContext(dataset=dataset, device=torch.device("cpu"), timed_on=(), features=FeatureStore())
    splits = make_splits(trial, dataset.pixels(GEOMETRIES[job.data]), context)
    torch.manual_seed(trial.seed)
    setup = prepare(build_model(job, data, trial.train), splits, trial.train, context.features)
    history = fit(setup.trainable, setup.train, setup.val, trial.train, seed=trial.seed).rows
    return work.Outcome([row["eval_loss"] for row in history], history[-1]["eval_top1"] / 100)


def run(job: work.Job, data: Path, amp: bool = False) -> work.Outcome:
    keep_freed_memory()  # as every run does before its first trial
    with TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        return train(job, data, amp)


if __name__ == "__main__":
    work.main(run)
