"""One trial, from a name to what it found: build, data, train, evaluate on test once, deliver, time on each device."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from harness.timing import memory
from harness.timing.rounds import share
from harness.training.checkpoint import Stopped
from harness.training.evaluate import final_outputs, predict
from harness.training.features import has_body, weights_hash
from harness.training.finetune import prepare
from harness.training.loop import fit
from harness.trial import outcome
from harness.trial.build import build_model, make_splits
from harness.trial.outcome import Measured, Outcome
from harness.trial.times import time_on, with_times
from results.errors import StoreError

if TYPE_CHECKING:
    from harness.data.batches.progress import EpochProgress
    from harness.plan.config import Trial
    from harness.training.checkpoint import TrainingCheckpoints
    from harness.training.history import HistoryRow
    from harness.trial.context import TrialContext
    from zoo.building import BuiltModel
    from zoo.selection import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCallbacks:
    """Who is told how far a trial is, and where training keeps its checkpoints.

    `on_evaluated` is called where the trial needs its further processes no more. `on_trained` gets the outcome before
    the model is timed, so that nothing which happens then can cost it.
    """

    on_epoch: Callable[[HistoryRow], None] = lambda row: None
    on_phase: Callable[[str], None] = lambda name: None
    on_evaluated: Callable[[], None] = lambda: None
    on_trained: Callable[[Outcome], None] = lambda outcome: None
    checkpoints: TrainingCheckpoints | None = None
    progress: EpochProgress | None = None


@dataclass(slots=True)
class Phases:
    """Which part of a trial is running, and the seconds that each part took."""

    entered: Callable[[str], None]
    current: str = "start"
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self.entered(name)
        self.current, start = name, perf_counter()
        yield  # no `finally`: a phase that raises stays the current one, and has no time
        self.seconds[name] = perf_counter() - start


def run_trial(trial: Trial, choice: Choice, context: TrialContext, callbacks: TrialCallbacks | None = None) -> Outcome:
    """Carry a trial out. Whatever goes wrong inside it becomes findings that say where and why.

    Raises Stopped where it was asked to stop, its checkpoint is then on disk; StoreError where the disk is full.
    """
    callbacks = callbacks or TrialCallbacks()
    phases = Phases(callbacks.on_phase)
    try:
        measured = _carry_out(trial, choice, context, phases, callbacks)
        trained = outcome.finished(trial, context, measured, phases.seconds)
        with phases("deliver"):
            callbacks.on_trained(trained)
    except (Stopped, StoreError):
        raise
    except Exception as error:
        return outcome.failed(phases.current, error, traceback.format_exc())
    if not context.timed_on:  # in a process of its own, then
        context.put_switches_back("while it trained")
        return with_times(trained, [], context.notes)
    with phases("time"):
        context.put_switches_back("while it trained")
        geometry = measured.pixels.geometry
        shape, num_classes = (geometry.channels, geometry.size, geometry.size), len(context.dataset.classes)
        model, config, exact = measured.built.model, share(trial.timing, 1, context.rounds), trial.train.exact
        timings = [time_on(device, model, shape, num_classes, config, exact=exact) for device in context.timed_on]
    return with_times(trained, timings, context.notes)


def take_part(trial: Trial, choice: Choice, context: TrialContext, callbacks: TrialCallbacks) -> None:
    """Carry out this process's part of a trial that is another's to report. Raises whatever goes wrong."""
    _carry_out(trial, choice, context, Phases(callbacks.on_phase), callbacks)


def _carry_out(
    trial: Trial, choice: Choice, context: TrialContext, phases: Phases, callbacks: TrialCallbacks
) -> Measured:
    memory.reset(context.device)
    alone = context.peers.first_alone if context.peers else nullcontext
    with phases("build"), alone():
        context.put_switches_back("as it was imported")
        torch.manual_seed(trial.seed)
        built, geometry = build_model(trial, choice, context)
        _note_building(built, trial, context)
        body = weights_hash(built.model, built.head.names if has_body(built.model, built.head.names) else ())
        pretrained, initial = (body, "") if trial.train.weights else ("", body)
    with phases("data"), alone():
        pixels = context.dataset.pixels(geometry)
        splits = make_splits(trial, pixels, context)
    with phases("features"):
        setup = prepare(built, splits, trial.train, context.features, context.notes.add, pretrained)
    with phases("train"):
        history = fit(
            setup.trainable,
            setup.train,
            setup.val,
            trial.train,
            seed=trial.seed,
            on_epoch=callbacks.on_epoch,
            checkpoints=callbacks.checkpoints,
            progress=callbacks.progress,
            peers=context.peers,
        )
    with phases("evaluate"):
        # With the weights that were kept, and before the test images, which may leave the way of kept features.
        val_logits_MK, val_labels_M = predict(setup.trainable, setup.val, trial.train)
        logits_NK, labels_N = final_outputs(setup.trainable, setup.test(), trial.train)
    callbacks.on_evaluated()
    peak = memory.peak(context.device)  # before timing, which resets it
    return Measured(
        built=built,
        pretrained_sha256=pretrained,
        initial_sha256=initial,
        pixels=pixels,
        history=history,
        logits_NK=logits_NK,
        labels_N=labels_N,
        val_logits_MK=val_logits_MK,
        val_labels_M=val_labels_M,
        peak=peak,
        frozen_pass=setup.frozen_pass(),
    )


def _note_building(built: BuiltModel, trial: Trial, context: TrialContext) -> None:
    if built.notes and trial.train.weights:
        context.notes.say(f"{built.weights}: {'; '.join(built.notes)}")
    elif built.notes:  # of what the plugin builds, not of a file that was asked for: the row says it too
        context.notes.add("; ".join(built.notes))
