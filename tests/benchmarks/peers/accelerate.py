"""Accelerate: a plain loop whose parts went through `Accelerator.prepare`."""

from __future__ import annotations

from pathlib import Path

import torch
from accelerate import Accelerator

from tests.benchmarks.peers import work


def run(job: work.Job, data: Path) -> work.Outcome:
    accelerator = Accelerator(cpu=True)
    model, criterion = work.make_model(job, data), work.make_loss(job)
    parts = accelerator.prepare(model, work.make_optimizer(model), *work.make_loaders(job, data))
    model, optimizer, train, test = parts
    losses, accuracy = [], 0.0
    for _ in range(job.epochs):
        model.train()
        for images, labels in train:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            accelerator.backward(loss)
            optimizer.step()
        model.eval()
        total, num_right, num_images = 0.0, 0, 0
        for images, labels in test:
            with torch.no_grad():
                outputs = model(images)
            outputs, labels = accelerator.gather_for_metrics((outputs, labels))
            total += criterion(outputs, labels).item() * len(labels)
            num_right += (outputs.argmax(dim=1) == labels).sum().item()
            num_images += len(labels)
        losses.append(total / num_images)
        accuracy = num_right / num_images
    return work.Outcome(losses, accuracy)


if __name__ == "__main__":
    work.main(run)
