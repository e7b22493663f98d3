"""skorch: a NeuralNetClassifier on arrays for MNIST, as its documentation does, on datasets for the image folder."""

from __future__ import annotations

from pathlib import Path

import torch
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset
from skorch.helper import predefined_split

from tests.benchmarks.peers import work


def arrays(mnist) -> Dataset:
    """All images at once, normalised as the transforms of the others do."""
    return Dataset(mnist.data.float().div(255).sub(0.5).div(0.5).unsqueeze(1).numpy(), mnist.targets.numpy())


def run(job: work.Job, data: Path) -> work.Outcome:
    train, test = work.make_datasets(job, data)
    if job.data == "mnist":
        train, test = arrays(train), arrays(test)
    model = work.make_model(job, data)
    net = NeuralNetClassifier(
        model,
        # skorch takes the logarithm of what it gives to NLLLoss; cross-entropy is right for log-probabilities too.
        criterion=torch.nn.CrossEntropyLoss,
        classes=range(work.NUM_CLASSES[job.data]),
        optimizer=torch.optim.Adam,
        lr=work.LEARNING_RATE,
        max_epochs=job.epochs,
        batch_size=job.batch_size,
        iterator_train__shuffle=True,
        train_split=predefined_split(test),
        verbose=0,
    )
    net.fit(train, y=None)
    return work.Outcome(net.history[:, "valid_loss"], net.history[-1, "valid_acc"])


if __name__ == "__main__":
    work.main(run)
