"""Ignite: its supervised trainer and evaluator, with its own loss and accuracy metrics after each epoch."""

from __future__ import annotations

from pathlib import Path

from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy, Loss

from tests.benchmarks.peers import work


def run(job: work.Job, data: Path) -> work.Outcome:
    train, test = work.make_loaders(job, data)
    model, criterion = work.make_model(job, data), work.make_loss(job)
    trainer = create_supervised_trainer(model, work.make_optimizer(model), criterion)
    evaluator = create_supervised_evaluator(model, {"loss": Loss(criterion), "accuracy": Accuracy()})
    losses: list[float] = []

    @trainer.on(Events.EPOCH_COMPLETED)
    def evaluate(engine: Engine) -> None:
        evaluator.run(test)
        losses.append(evaluator.state.metrics["loss"])

    trainer.run(train, max_epochs=job.epochs)
    return work.Outcome(losses, evaluator.state.metrics["accuracy"])


if __name__ == "__main__":
    work.main(run)
