"""One model on one device while it is being timed: its workload, its series, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.timing.series import Series
from harness.timing.steps import InferenceStep, TrainingStep
from zoo.manager import switches

if TYPE_CHECKING:
    from torch import nn

    from harness.timing.clock import Clock
    from harness.timing.steps import Workload

INFER, TRAIN = "infer", "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model to be timed: its input [C, H, W] and the number of its classes."""

    name: str
    model: nn.Module
    input_shape: tuple[int, int, int]
    num_classes: int


@dataclass(slots=True, kw_only=True)
class TimedModel:
    """State of one model's timing. `base_mib` is the memory that was in use before it came.

    `switched` are torch's process-wide switches that its code has changed while it ran.
    """

    entry: Entry
    clock: Clock
    base_mib: float = 0.0
    workload: Workload | None = None
    series: dict[str, Series] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    switched: set[str] = field(default_factory=set)

    @contextmanager
    def keeping_switches(self) -> Iterator[None]:
        """Put torch's switches back after this model's turn: the next one's must be timed under the same."""
        values = switches.read()
        try:
            yield
        finally:
            self.switched.update(switches.put_back(values))

    @contextmanager
    def surviving(self, kind: str) -> Iterator[None]:
        """Note what a step raises, and drop its samples: one model's fault is not the others'."""
        try:
            yield
        except Exception as error:
            self.failures[kind] = f"{type(error).__name__}: {' '.join(str(error).split())}"
            self.series.pop(kind, None)

    def warm_up(self, kind: str, num_rounds: int) -> None:
        """Make the step and run it until it is steady; nothing where the model could not be set up."""
        if self.workload is None or (kind == TRAIN and not self._trains()):
            return
        with self.surviving(kind), self.keeping_switches():
            step = TrainingStep(self.workload) if kind == TRAIN else InferenceStep(self.workload)
            series = Series(step=step, clock=self.clock, workload=self.workload, num_rounds=num_rounds)
            series.warm_up(self.base_mib)
            self.series[kind] = series

    def run_round(self, kind: str) -> None:
        """Take this model's turn, if it still has one."""
        with self.surviving(kind), self.keeping_switches():
            if kind in self.series:
                self.series[kind].run_round()

    def _trains(self) -> bool:
        return any(parameter.requires_grad for parameter in self.entry.model.parameters())
