"""Whether a number was taken in peace: "steady", or "noisy" with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from harness.timing.intervals import half_width

if TYPE_CHECKING:
    from harness.timing.watch.conditions import Conditions

STEADY, NOISY = "steady", "noisy"

LEAST_THREAD_SHARE = 0.95
MOST_FOREIGN_CORES = 0.1
MOST_STOLEN_CORES = 0.05
MOST_INVOLUNTARY_PER_S = 50.0
MOST_HALF_WIDTH = 0.05
MOST_DRIFT = 0.05


def verdict(reasons: Sequence[str]) -> str:
    """The word for the table."""
    return NOISY if reasons else STEADY


def disturbances(conditions: Conditions, *, num_threads: int, num_cpus: int, on_cpu: bool) -> list[str]:
    """What disturbed a timing, one short line each; empty in peace.

    A process on a core that we do not need disturbs little, so other processes count where cores do not suffice
    for them and for our `num_threads`. Waiting for an accelerator is no disturbance (`on_cpu` False).
    """
    reasons = []
    foreign = conditions.foreign_cores or 0.0
    if foreign > MOST_FOREIGN_CORES and foreign + num_threads > num_cpus + MOST_FOREIGN_CORES:
        reasons.append(f"other processes used {foreign:.1f} of {num_cpus} cores")
    if (conditions.stolen_cores or 0.0) > MOST_STOLEN_CORES:
        reasons.append(f"the host took {conditions.stolen_cores:.2f} cores away")
    if on_cpu and conditions.thread_share < LEAST_THREAD_SHARE:
        reasons.append(f"off the core {1 - conditions.thread_share:.0%} of the time")
    if conditions.involuntary_rate > MOST_INVOLUNTARY_PER_S:
        reasons.append(f"{conditions.involuntary_rate:.0f} involuntary context switches a second")
    if conditions.throttles:
        reasons.append(f"throttled for heat {conditions.throttles} times")
    if conditions.page_reads:
        reasons.append(f"{conditions.page_reads} pages read from disk")
    return reasons


def unrest(rounds: Sequence[Sequence[float]]) -> list[str]:
    """What the times themselves betray: an uncertain median, or rounds that disagree."""
    reasons = []
    pooled = [value for samples in rounds for value in samples]
    if half_width(pooled) > MOST_HALF_WIDTH:
        reasons.append(f"median known to ±{half_width(pooled):.0%} only")
    medians = [median(samples) for samples in rounds if samples]
    if max(medians) > (1 + MOST_DRIFT) * min(medians):
        reasons.append(f"rounds differ by {max(medians) / min(medians) - 1:.0%}")
    return reasons
