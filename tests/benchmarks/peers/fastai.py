"""fastai: a Learner on plain loaders and a frozen model, as its guide for coming from PyTorch shows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from fastai.basics import DataLoaders, Learner, OptimWrapper, accuracy

from tests.benchmarks.peers import work


def run(job: work.Job, data: Path) -> work.Outcome:
    learner = Learner(
        DataLoaders(*work.make_loaders(job, data), device=torch.device("cpu")),
        work.make_model(job, data),
        loss_func=work.make_loss(job),
        opt_func=partial(OptimWrapper, opt=torch.optim.Adam),
        lr=work.LEARNING_RATE,
        metrics=accuracy,
    )
    with learner.no_logging():
        learner.fit(job.epochs, wd=0.0)
    history = learner.recorder.values
    return work.Outcome([row[1] for row in history], history[-1][2])


if __name__ == "__main__":
    work.main(run)
