"""One trial, from a name to what it found: build, data, train, evaluate on test once, time on each device."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from harness.machine.oom import is_out_of_memory
from harness.timing import memory
from harness.timing.measure import measure
from harness.training.checkpoint import Stopped
from harness.training.evaluate import final_outputs
from harness.training.features import weights_hash
from harness.training.finetune import prepare
from harness.training.loop import fit
from harness.trial import outcome
from harness.trial.build import build_model, make_splits
from harness.trial.outcome import Measured, Outcome
from results.errors import StoreError

if TYPE_CHECKING:
    from harness.data.pixels.geometry import Geometry
    from harness.plan.config import Trial
    from harness.timing.result import Timing
    from harness.training.checkpoint import TrainingCheckpoints
    from harness.training.history import HistoryRow
    from harness.trial.context import TrialContext
    from zoo.building import BuiltModel
    from zoo.selection import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCallbacks:
    """Who is told how far a trial is and what a person should know of it, and where training keeps its checkpoints."""

    on_epoch: Callable[[HistoryRow], None] = lambda row: None
    on_phase: Callable[[str], None] = lambda name: None
    on_note: Callable[[str], None] = lambda text: None
    checkpoints: TrainingCheckpoints | None = None


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
        return outcome.finished(trial, context, measured, phases.seconds)
    except (Stopped, StoreError):
        raise
    except Exception as error:
        return outcome.failed(phases.current, error, traceback.format_exc())


def _carry_out(
    trial: Trial, choice: Choice, context: TrialContext, phases: Phases, callbacks: TrialCallbacks
) -> Measured:
    memory.reset(context.device)
    num_threads = torch.get_num_threads()
    with phases("build"):
        torch.manual_seed(trial.seed)
        built, geometry = build_model(trial, choice, context)
        if built.notes:
            callbacks.on_note(f"{built.weights}: {'; '.join(built.notes)}")
        pretrained = weights_hash(built.model, built.head.names) if trial.train.weights else ""
        torch.set_num_threads(num_threads)  # as in all other trials, whatever the model's code has set
    with phases("data"):
        pixels = context.dataset.pixels(geometry)
        splits = make_splits(trial, pixels, context)
    with phases("features"):
        setup = prepare(built, splits, trial.train, context.features)
    with phases("train"):
        history = fit(
            setup.trainable,
            setup.train,
            setup.val,
            trial.train,
            seed=trial.seed,
            on_epoch=callbacks.on_epoch,
            checkpoints=callbacks.checkpoints,
        )
    with phases("evaluate"):
        logits_NK, labels_N = final_outputs(setup.trainable, setup.test(), trial.train)
    peak = memory.peak(context.device)  # before timing, which resets it
    with phases("time"):
        timings = [_timed(trial, built, geometry, len(context.dataset.classes), device) for device in context.timed_on]
    return Measured(
        built=built,
        pretrained_sha256=pretrained,
        pixels=pixels,
        history=history,
        logits_NK=logits_NK,
        labels_N=labels_N,
        peak=peak,
        timings=timings,
    )


def _timed(
    trial: Trial, built: BuiltModel, geometry: Geometry, num_classes: int, device: torch.device
) -> Timing | None:
    """The model's timing; None where the device has no memory for it: a trained model is not lost for that."""
    try:
        model = built.model.to(device)
        return measure(model, (geometry.channels, geometry.size, geometry.size), num_classes, device, trial.timing)
    except Exception as error:
        if is_out_of_memory(error):
            return None
        raise
