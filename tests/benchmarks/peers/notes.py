"""The loop of the course notes: a DataLoader, `loss.item()` at each step, validation every so many steps."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

from tests.benchmarks.peers import work


def validate(model: nn.Module, loader: DataLoader, criterion: nn.Module) -> tuple[float, float]:
    """Mean loss and accuracy over images."""
    loss, num_right, num_images = 0.0, 0, 0
    model.eval()
    with torch.no_grad():
        for images, labels in loader:
            outputs = model(images)
            loss += criterion(outputs, labels).item() * len(labels)
            num_right += (outputs.argmax(dim=1) == labels).sum().item()
            num_images += len(labels)
    model.train()
    return loss / num_images, num_right / num_images


def run(job: work.Job, data: Path) -> work.Outcome:
    train, test = work.make_loaders(job, data)
    model, criterion = work.make_model(job, data), work.make_loss(job)
    optimizer = work.make_optimizer(model)
    losses, accuracy, running_loss = [], 0.0, 0.0
    for _ in range(job.epochs):
        model.train()
        for step, (images, labels) in enumerate(train, start=1):
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            if job.validate_every and step % job.validate_every == 0:
                validate(model, test, criterion)
        loss_now, accuracy = validate(model, test, criterion)
        losses.append(loss_now)
    return work.Outcome(losses, accuracy)


if __name__ == "__main__":
    work.main(run)
