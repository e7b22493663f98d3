"""The jobs that every peer does: one definition of data, model, loss and optimiser, so that no copy drifts.

A peer is a module with `run(job, data) -> Outcome`; it calls `work.main(run)`. The clock starts after all imports
and after the same job on a small set, so that what a library imports late or sets up once is not counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, models, transforms

from plugins.fc_model import Network
from plugins.mlp import build as build_mlp
from zoo.specs import Task

LEARNING_RATE = 1e-3
SEED = 1
PIXEL_MEAN, PIXEL_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NUM_CLASSES = {"mnist": 10, "jpegs": 4}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One row of the table. `validate_every` counts steps; None means once an epoch."""

    model: str
    data: str
    batch_size: int
    epochs: int = 1
    validate_every: int | None = None


JOBS = {
    "fc_model": Job(model="fc_model", data="mnist", batch_size=64),
    "fc_model, notes validate every 40 steps": Job(model="fc_model", data="mnist", batch_size=64, validate_every=40),
    "sequential": Job(model="sequential", data="mnist", batch_size=64),
    "resnet18, 3 epochs": Job(model="resnet18", data="jpegs", batch_size=32, epochs=3),
    "densenet121, 3 epochs": Job(model="densenet121", data="jpegs", batch_size=32, epochs=3),
    "resnet18, 10 epochs": Job(model="resnet18", data="jpegs", batch_size=32, epochs=10),
    "densenet121, 10 epochs": Job(model="densenet121", data="jpegs", batch_size=32, epochs=10),
}


@dataclass(frozen=True)
class Outcome:
    """Mean evaluation loss after each epoch, and the share of right answers after the last."""

    losses: list[float]
    accuracy: float


class Transfer(nn.Module):
    """A frozen backbone, batch-norm statistics included, under a head that trains."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        # Not every trainer calls train() before the first step: be frozen from the start.
        self.backbone, self.head = backbone.requires_grad_(False).eval(), head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))

    def train(self, mode: bool = True) -> Transfer:
        super().train(mode)
        self.backbone.eval()
        return self


def make_model(job: Job, data: Path) -> nn.Module:
    torch.manual_seed(SEED)
    if job.model == "fc_model":
        return Network(784, 10, [512, 256, 128], 0.5)
    if job.model == "sequential":
        return build_mlp(Task(num_classes=10, image_size=28, channels=1))
    backbone = models.get_model(job.model, weights=None)
    backbone.load_state_dict(torch.load(data / f"{job.model}.pt", weights_only=True))
    return Transfer(backbone, make_head(strip_classifier(backbone), NUM_CLASSES[job.data]))


def strip_classifier(backbone: nn.Module) -> int:
    """Take the classifier off; returns the number of features it took in."""
    name = "fc" if hasattr(backbone, "fc") else "classifier"
    num_features: int = getattr(backbone, name).in_features
    setattr(backbone, name, nn.Identity())
    return num_features


def make_head(num_features: int, num_classes: int) -> nn.Module:
    layers = [nn.Linear(num_features, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, num_classes)]
    return nn.Sequential(*layers)


def make_loss(job: Job) -> nn.Module:
    """`fc_model` gives log-probabilities, the others logits."""
    return nn.NLLLoss() if job.model == "fc_model" else nn.CrossEntropyLoss()


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.Adam(trained, lr=LEARNING_RATE)


def make_datasets(job: Job, data: Path) -> tuple[Dataset, Dataset]:
    if job.data == "mnist":
        pipeline = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        train, test = (datasets.MNIST(str(data / "mnist"), train=part, transform=pipeline) for part in (True, False))
        return train, test
    steps = [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    pipeline = transforms.Compose([*steps, transforms.Normalize(PIXEL_MEAN, PIXEL_STD)])
    train, test = (datasets.ImageFolder(str(data / "jpegs" / part), pipeline) for part in ("train", "test"))
    return train, test


def make_loaders(job: Job, data: Path) -> tuple[DataLoader, DataLoader]:
    train, test = make_datasets(job, data)
    return DataLoader(train, job.batch_size, shuffle=True), DataLoader(test, job.batch_size)


def cpu_seconds() -> float:
    """Of this process with all its threads, and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def main(run: Callable[[Job, Path], Outcome]) -> None:
    """Do one job as the command line says and print one JSON line about it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    job = JOBS[options.job]
    run(job, options.data / "warm")
    gc.collect()  # what the small set left is nobody's cost
    cpu, wall = cpu_seconds(), perf_counter()
    outcome = run(job, options.data)
    figures = {"cpu_seconds": cpu_seconds() - cpu, "wall_seconds": perf_counter() - wall, "losses": outcome.losses}
    print(json.dumps(figures | {"final_eval_loss": outcome.losses[-1], "final_eval_accuracy": outcome.accuracy}))
