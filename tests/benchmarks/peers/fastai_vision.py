"""fastai as its vision guides show: its own image pipeline, and `freeze()`, under which batch-norm layers train.

They do so with the statistics of the batch, as in the model that `vision_learner` makes.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from fastai.vision.all import (
    ImageDataLoaders,
    Learner,
    Normalize,
    OptimWrapper,
    Resize,
    accuracy,
    imagenet_stats,
    params,
)

from tests.benchmarks.peers import work


def make_model(job: work.Job, data: Path) -> torch.nn.Sequential:
    """The same layers, with nothing that holds the backbone in eval mode."""
    model = work.make_model(job, data)
    return torch.nn.Sequential(model.backbone.requires_grad_(True), model.head)


def split(model: torch.nn.Sequential) -> list[list[torch.nn.Parameter]]:
    """The two groups of which `freeze()` lets the second train."""
    return [params(part) for part in model]


def run(job: work.Job, data: Path) -> work.Outcome:
    loaders = ImageDataLoaders.from_folder(
        data / "jpegs",
        train="train",
        valid="test",
        bs=job.batch_size,
        item_tfms=Resize(224),
        batch_tfms=Normalize.from_stats(*imagenet_stats),
        num_workers=0,
        device=torch.device("cpu"),
    )
    learner = Learner(
        loaders,
        make_model(job, data),
        loss_func=work.make_loss(job),
        opt_func=partial(OptimWrapper, opt=torch.optim.Adam),
        lr=work.LEARNING_RATE,
        splitter=split,
        metrics=accuracy,
    )
    learner.freeze()
    with learner.no_bar(), learner.no_logging():
        learner.fit(job.epochs, wd=0.0)
    history = learner.recorder.values
    return work.Outcome([row[1] for row in history], history[-1][2])


if __name__ == "__main__":
    work.main(run)
