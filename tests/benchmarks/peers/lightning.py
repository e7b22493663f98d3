"""Lightning: a LightningModule under a Trainer with logging, bars and checkpoints off."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import lightning as L
import torch

from tests.benchmarks.peers import work


class Classifier(L.LightningModule):
    def __init__(self, job: work.Job, data: Path) -> None:
        super().__init__()
        self.model, self.criterion = work.make_model(job, data), work.make_loss(job)
        self.losses: list[float] = []

    def training_step(self, batch, index):
        images, labels = batch
        return self.criterion(self.model(images), labels)

    def validation_step(self, batch, index):
        images, labels = batch
        outputs = self.model(images)
        right = (outputs.argmax(dim=1) == labels).float().mean()
        self.log_dict({"loss": self.criterion(outputs, labels), "accuracy": right}, batch_size=len(labels))

    def on_validation_epoch_end(self):
        self.losses.append(self.trainer.callback_metrics["loss"].item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return work.make_optimizer(self.model)


def run(job: work.Job, data: Path) -> work.Outcome:
    train, test = work.make_loaders(job, data)
    module = Classifier(job, data)
    trainer = L.Trainer(
        max_epochs=job.epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, train, test)
    return work.Outcome(module.losses, trainer.callback_metrics["accuracy"].item())


if __name__ == "__main__":
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    work.main(run)
