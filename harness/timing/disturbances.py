"""Whether a number was taken in peace: "steady", or "noisy" with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.timing.watch.conditions import Conditions

STEADY, NOISY = "steady", "noisy"

LEAST_THREAD_SHARE = 0.95
MOST_FOREIGN_CORES = 0.1
MOST_STOLEN_CORES = 0.05
MOST_INVOLUNTARY_PER_S = 50.0


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
