"""What a person sees while a run goes on: a header, a line per epoch and per trial, all on stderr."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, TextIO

from harness._version import __version__
from results.sanitize import harmless
from results.tables.number_format import counted, duration
from results.tables.text import fit_for
from zoo.specs import SPLITS

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext
    from results.records import Record

REDRAW_SECONDS = 0.25
FEW_IMAGES, FOLDS = 300, 5  # with fewer in the test part, so many folds are proposed
MARKS = {"ok": "✓", "skipped": "-"}


@dataclass(slots=True)
class Screen:
    """Progress on `stream`: on a terminal one line that is redrawn, elsewhere a timestamped line per epoch."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    drawn: float = 0.0

    def line(self, text: str) -> None:
        """One whole line, whatever a plugin's words in it would do to a terminal."""
        self._write(self._erase(), text, "\n")

    def epoch(self, item: Planned, row: Mapping[str, Any], left: str = "") -> None:
        """An epoch has ended; `left` says how long the run goes on."""
        epoch, scores = f"{item.label}  epoch {row['epoch'] + 1}/{item.trial.train.epochs}", _scores(row)
        if not self.stream.isatty():
            self.line(f"{_clock()} {_joined(epoch, scores, left)}")
        elif time.monotonic() - self.drawn >= REDRAW_SECONDS:
            self.drawn = time.monotonic()
            # A line that the terminal wraps would not be drawn over.
            self._write(self._erase(), f" ▶ {_joined(epoch, left, scores)}"[: get_terminal_size().columns - 1])

    def trial(self, item: Planned, record: Record, left: str = "") -> None:
        """A trial has ended and its record is on disk."""
        stamp = "" if self.stream.isatty() else _clock()
        self.line(f"{stamp} {MARKS.get(record.status, '✗')} {item.label}  {_joined(_outcome(record), left)}")

    def _erase(self) -> str:
        return "\r\x1b[2K" if self.stream.isatty() else ""

    def _write(self, before: str, text: str, after: str = "") -> None:
        if self.quiet:
            return
        line = harmless(text).replace("\n", " ")
        self.stream.write(f"{before}{fit_for(self.stream.encoding, line)}{after}")
        self.stream.flush()


def opening_lines(context: RunContext, planned: Sequence[Planned], folder: str, num_done: int) -> list[str]:
    """What is said before the first trial: versions and machine, data, plan, and where the results go."""
    machine, data = context.machine, context.dataset.facts
    versions = [f"{name} {machine[name]}" for name in ("torch", "timm") if machine.get(name)]
    hardware = [accelerator["name"] for accelerator in machine["accelerators"]] or [machine["cpu"]]
    train = planned[0].trial.train
    return [
        " · ".join([f"harness {__version__}", *versions, *hardware, f"{machine['cores']} cores"]),
        f"data     {data['name']} · {len(data['classes'])} classes · {_counts(context.dataset)} · "
        f"fingerprint {data['fingerprint'][:8]}",
        *_grouping(context.dataset),
        *(f"warning  {note}" for note in context.dataset.notes),
        *_few_images(context.dataset),
        f"plan     {_product(planned)} = "
        f"{counted(len(planned), 'trial')}{f', {num_done:,} of them done' if num_done else ''} · "
        f"up to {train.epochs} epochs, patience {train.patience}",
        f"store    {folder}",
    ]


def _product(planned: Sequence[Planned]) -> str:
    """`3 models × 2 seeds`, or `3 models × 5 folds`, and how often that is repeated."""
    num_models, num_seeds = len({item.trial.model for item in planned}), len({item.trial.seed for item in planned})
    models, folds = counted(num_models, "model"), planned[0].trial.folds
    if not folds:
        return f"{models} × {counted(num_seeds, 'seed')}"
    return f"{models} × {folds:,} folds{f' × {num_seeds:,} repeats' if num_seeds > 1 else ''}"


def _counts(dataset: Dataset) -> str:
    """Images in each part; of cross-validation those of the first fold."""
    counts = " / ".join(f"{part} {dataset.counts[part]:,}" for part in SPLITS)
    if not dataset.folds:
        return counts
    return f"{dataset.facts['num_test']:,} images in {dataset.facts['folds']} folds, the first: {counts}"


def _grouping(dataset: Dataset) -> list[str]:
    """What is said of groups: that they stay together, and what that does to intervals."""
    if not dataset.groups:
        return []
    sizes = Counter(unit for units in dataset.groups.values() for unit in units).values()
    fewest, most = min(sizes), max(sizes)
    images = f"{fewest:,} to {counted(most, 'image')}" if fewest < most else f"{counted(most, 'image')} each"
    said = f"{counted(len(sizes), 'group')} of {images}"
    return [f"groups   {said}: no split takes one apart, and intervals are clustered by them"]


def _few_images(dataset: Dataset) -> list[str]:
    """What folds would bring, where few images are tested and all could be."""
    num_test, own = dataset.counts["test"], set(dataset.pools) - {"train"}
    labels = dataset.pools["train"].labels
    if dataset.folds or own or num_test >= FEW_IMAGES or min(Counter(labels).values()) < FOLDS:
        return []
    num_all = len(labels)
    width = (num_test / num_all) ** 0.5
    return [
        f"hint     {num_test:,} test images are few: --folds {FOLDS} tests all {num_all:,} once, which makes intervals"
        f" about {100 * (1 - width):.0f} % narrower, for {FOLDS} trainings of each model instead of one"
    ]


def _scores(row: Mapping[str, Any]) -> str:
    losses = f"loss {row['train_loss']:.4f} · val loss {row['eval_loss']:.4f}"
    return f"{losses} · val err {100 - row['eval_top1']:.1f} % · {row['train_seconds'] + row['eval_seconds']:.1f} s"


def _outcome(record: Record) -> str:
    if record.error:
        return f"{record.status} at {record.error.phase}: {record.error.cause}"
    error, seconds = record.measured("val_top1_err"), record.measured("total_seconds")
    parts = [f"{len(record.history)} epochs"]
    parts += [f"val err {error.median:.1f} %"] if error else []
    parts += [duration(seconds.median)] if seconds else []
    parts.append(f"best epoch {record.facts['best_epoch'] + 1}")
    untimed = record.facts.get("timing_error")
    return " · ".join([*parts, *([f"not timed: {untimed}"] if untimed else [])])


def _joined(*texts: str) -> str:
    return " · ".join(text for text in texts if text)


def _clock() -> str:
    return time.strftime("%H:%M:%S")
