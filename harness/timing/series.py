"""One kind of step of one model: its samples so far, round by round, and the conditions they were taken in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Protocol

import torch

from harness.machine.system import visible_cpus
from harness.timing import memory
from harness.timing.disturbances import disturbances
from harness.timing.sampling import Effort, collect, warm_up
from harness.timing.watch import conditions, nvml
from results.ranking.step_times import unrest
from results.records import Measurement

if TYPE_CHECKING:
    from harness.timing.clock import Clock
    from harness.timing.steps import Workload

WARM_UP_SHARE = 0.5
# Steps this short feel the caches and pools that another model's turn has left behind.
SHORT_MS = 50.0


class TimedStep(Protocol):
    """A step that can be timed: `enter` sets the scene, outside of any measured region."""

    def enter(self) -> None: ...

    def __call__(self) -> object: ...


@dataclass(slots=True, kw_only=True)
class Series:
    """The state of one timing in progress. `num_rounds` share the budget and the least number of samples."""

    step: TimedStep
    clock: Clock
    workload: Workload
    num_rounds: int
    cold_ms: float = 0.0
    peak_mib: float = 0.0
    reserved_mib: float | None = None
    rounds: list[list[float]] = field(default_factory=list)
    seen: list[conditions.Conditions] = field(default_factory=list)
    slowdowns: set[str] = field(default_factory=set)

    @property
    def samples(self) -> list[float]:
        """The times of all rounds, in ms."""
        return [value for samples in self.rounds for value in samples]

    def measurement(self, name: str) -> Measurement:
        """The times of all rounds, and which were taken in which."""
        rounds = tuple(len(samples) for samples in self.rounds)
        return Measurement(name=name, unit="ms", values=tuple(self.samples), rounds=rounds if len(rounds) > 1 else ())

    @property
    def system_share(self) -> float:
        """The part of the CPU time of these steps that the kernel spent."""
        return conditions.combined(self.seen).system_share

    def warm_up(self, base_mib: float) -> None:
        """Run until steady, and note the peak of memory.

        On the CPU it is the whole process's, since a reused heap hides what one model adds; on an accelerator it is
        what came on top of the `base_mib` that others held.
        """
        device = self.workload.device
        self.step.enter()
        memory.reset(device)
        times = warm_up(self.clock, self.step, WARM_UP_SHARE * self.workload.config.budget_s)
        self.cold_ms = times[0]
        peak = memory.peak(device)
        self.peak_mib = peak.process_mib if peak.allocated_mib is None else peak.allocated_mib - base_mib
        self.reserved_mib = peak.reserved_mib

    def run_round(self) -> None:
        """Take one turn."""
        effort = self._effort()
        self.step.enter()
        if self.rounds and self.rounds[-1][-1] < SHORT_MS:
            warm_up(self.clock, self.step, effort.budget_s / 10)
        samples: list[float] = []
        before = conditions.take()
        collect(self.clock, self.step, effort, samples)
        self.seen.append(conditions.between(before, conditions.take()))
        self.rounds.append(samples)
        # Asked at once: these are reasons of the moment, not counters.
        board = nvml.board(self.workload.device)
        self.slowdowns.update(board.slowdowns() if board else ())

    def again(self) -> Series:
        """A series of the same step, as warm as this one, without its samples."""
        return replace(self, rounds=[], seen=[], slowdowns=set())

    def disturbances(self) -> list[str]:
        """What disturbed these samples from outside."""
        on_cpu = self.workload.device.type == "cpu"
        reasons = disturbances(
            conditions.combined(self.seen),
            num_threads=torch.get_num_threads() if on_cpu else 1,
            num_cpus=visible_cpus(),
            on_cpu=on_cpu,
        )
        return reasons + [f"slowed down: {word}" for word in sorted(self.slowdowns)]

    def reasons(self) -> list[str]:
        """Everything that speaks against these samples: what disturbed them, and what they betray themselves."""
        return self.disturbances() + unrest(self.measurement("step_time"))

    def is_worth_another_try(self) -> bool:
        """Whether something speaks against these samples. One round may be one of several: others judge its width."""
        return bool(self.reasons() if self.num_rounds > 1 else self.disturbances())

    def better(self, other: Series) -> Series:
        """The one with fewer reasons against it; between equals the faster one, because noise only adds time."""
        return min(self, other, key=lambda series: (len(series.reasons()), median(series.samples)))

    def _effort(self) -> Effort:
        config = self.workload.config
        return Effort(
            budget_s=config.budget_s / self.num_rounds,
            tolerance=config.tolerance,
            min_samples=-(-config.min_samples // self.num_rounds),
            max_samples=-(-config.max_samples // self.num_rounds),
        )
