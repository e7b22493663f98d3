# ruff: noqa: TID253
"""One trial, from a name to what it found: build, data, train, evaluate on test once, time on each device."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from harness import outcome
from harness.batchnorm import raise_momentum
from harness.data.augment import AUGMENTATIONS
from harness.data.batches import PixelBatches
from harness.data.geometry import Geometry, resolve
from harness.evaluate import final_outputs
from harness.layout import memory_format
from harness.learning import Splits, prepare
from harness.oom import is_out_of_memory
from harness.outcome import Measured, Outcome
from harness.progress import Stopped
from harness.timing import memory
from harness.timing.measure import measure
from harness.train import fit
from results.errors import StoreError
from zoo.building import BuiltModel, build
from zoo.specs import Task

if TYPE_CHECKING:
    from harness.bench import Bench
    from harness.config import Trial
    from harness.data.dataset import Dataset, PreparedPart, PreparedSplits
    from harness.history import HistoryRow
    from harness.progress import Progress
    from harness.timing.outcome import Timing
    from zoo.selection import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who is told how far a trial is, and where training keeps its checkpoints."""

    on_epoch: Callable[[HistoryRow], None] = lambda row: None
    on_phase: Callable[[str], None] = lambda name: None
    progress: Progress | None = None


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
        yield
        self.seconds[name] = perf_counter() - start


def run_trial(trial: Trial, choice: Choice, bench: Bench, hooks: Hooks | None = None) -> Outcome:
    """Carry a trial out. Whatever goes wrong inside it becomes a record that says where and why.

    Raises Stopped where it was asked to stop, its checkpoint is then on disk; StoreError where the disk is full.
    """
    hooks = hooks or Hooks()
    phases = Phases(hooks.on_phase)
    try:
        measured = _carry_out(trial, choice, bench, phases, hooks)
        return outcome.finished(trial, bench, measured, phases.seconds)
    except (Stopped, StoreError):
        raise
    except Exception as error:
        return outcome.failed(trial, bench, phases.current, error, traceback.format_exc())


def _carry_out(trial: Trial, choice: Choice, bench: Bench, phases: Phases, hooks: Hooks) -> Measured:
    memory.reset(bench.device)
    num_threads = torch.get_num_threads()
    with phases("build"):
        torch.manual_seed(trial.seed)
        built, geometry = build_model(trial, choice, bench.dataset)
        torch.set_num_threads(num_threads)  # as in all other trials, whatever the model's code has set
        built.model.to(bench.device).to(memory_format=memory_format(trial.train, bench.device))
    with phases("data"):
        pixels = bench.dataset.pixels(geometry)
        splits = make_splits(trial, pixels, bench)
    with phases("features"):
        lesson = prepare(built, splits, trial.train, bench.features)
    with phases("train"):
        fitted = fit(
            lesson.subject,
            lesson.train,
            lesson.val,
            trial.train,
            seed=trial.seed,
            on_epoch=hooks.on_epoch,
            progress=hooks.progress,
        )
    with phases("evaluate"):
        logits_NK, labels_N = final_outputs(lesson.subject, lesson.test(), trial.train)
    peak = memory.peak(bench.device)
    with phases("time"):
        timings = [_timed(trial, built, geometry, len(bench.dataset.classes), device) for device in bench.timed_on]
    return Measured(
        built=built, pixels=pixels, fit=fitted, logits_NK=logits_NK, labels_N=labels_N, peak=peak, timings=timings
    )


def build_model(trial: Trial, choice: Choice, dataset: Dataset) -> tuple[BuiltModel, Geometry]:
    """The model with its head, on the CPU, and the images that it is to see."""
    weights = trial.train.weights
    # A file does not say what images it was trained on: most likely on such as the library's own weights were.
    wanted = choice.spec.input_for(None if weights is None else weights.tag or "default")
    geometry = resolve(wanted, dataset.size, dataset.channels, trial.train.img_size, pretrained=weights is not None)
    task = Task(num_classes=len(dataset.classes), image_size=geometry.size, channels=geometry.channels)
    built = build(choice.spec, task, head=trial.train.head, weights=weights)
    if weights is None:
        raise_momentum(built.model)
    return built, geometry


def make_splits(trial: Trial, pixels: PreparedSplits, bench: Bench) -> Splits:
    """Batches of the three splits; only training images are changed at random."""

    def batches(part: PreparedPart, aug: str) -> PixelBatches:
        return PixelBatches(
            part.images,
            part.labels,
            rows=part.rows,
            mean=pixels.mean,
            std=pixels.std,
            channels_out=pixels.geometry.channels,
            batch_size=trial.train.batch_size,
            device=bench.device,
            memory_format=memory_format(trial.train, bench.device),
            seed=trial.seed,
            augment=AUGMENTATIONS[aug],
            # Who trains in parts has not the memory for large batches either.
            eval_batch_size=trial.train.batch_size // trial.train.grad_accum if trial.train.grad_accum > 1 else None,
        )

    return Splits(
        train=batches(pixels.train, trial.train.aug),
        val=batches(pixels.val, "none"),
        test=batches(pixels.test, "none"),
        key=f"{bench.dataset.fingerprint}-{pixels.geometry.key}-{pixels.mean}-{pixels.std}",
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
