"""What a timing found: measurements with their raw samples, a verdict, and what could not be timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from harness.machine.malloc import allocator
from harness.timing.breakdown import details
from harness.timing.disturbances import verdict
from harness.timing.entry import TRAIN, TimedModel
from results.records import Measurement
from zoo.manager.float32 import tf32

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.plan.config import TimingConfig
    from harness.timing.series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One model on one device.

    `verdict` is "steady" or "noisy", `reasons` says why, one line each. `failures` maps "infer" or "train" to what it
    raised, for a step that could not be run. `facts` are the row's conditions: precision, threads and so on.
    `disturbances` are those of the reasons that came from outside, whatever the times themselves betray.
    """

    measurements: tuple[Measurement, ...]
    verdict: str
    reasons: tuple[str, ...] = ()
    disturbances: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def measured(self, name: str) -> Measurement | None:
        """The measurement of that name, or None where it was not taken."""
        return next((m for m in self.measurements if m.name == name), None)


def summarise(timed: TimedModel, device: torch.device, config: TimingConfig) -> Timing:
    """What was measured, in milliseconds a batch and MiB."""
    reasons = [f"{kind}: {reason}" for kind, series in timed.series.items() for reason in series.reasons()]
    disturbed = [f"{kind}: {reason}" for kind, series in timed.series.items() for reason in series.disturbances()]
    switched = [f"its code changes {name} as it runs" for name in sorted(timed.switched)]
    reasons += switched
    measurements = [m for kind, series in timed.series.items() for m in _measurements(f"{device.type}_{kind}", series)]
    if config.detail:
        with timed.surviving(TRAIN):
            measurements += details(timed)
    return Timing(
        measurements=tuple(measurements),
        verdict=verdict(reasons),
        reasons=tuple(reasons),
        disturbances=(*disturbed, *switched),
        failures=dict(timed.failures),
        facts=_facts(timed, device, config),
    )


def _measurements(prefix: str, series: Series) -> Iterator[Measurement]:
    yield series.measurement(f"{prefix}_step_time")
    yield Measurement(name=f"{prefix}_first_step_time", unit="ms", values=(series.cold_ms,))
    yield Measurement(name=f"{prefix}_peak_memory", unit="MiB", values=(series.peak_mib,))
    if series.reserved_mib is not None:
        yield Measurement(name=f"{prefix}_reserved_memory", unit="MiB", values=(series.reserved_mib,))


def _facts(timed: TimedModel, device: torch.device, config: TimingConfig) -> dict[str, Any]:
    return {
        "batch_size": config.batch_size,
        "img_size": timed.entry.input_shape[1],
        "precision": config.precision_name,
        "channels_last": config.numerics.is_channels_last(device.type),
        "torchcompile": config.torchcompile,
        "detail": config.detail,
        "threads": torch.get_num_threads(),
        "allocator": allocator(),
        **({"tf32": tf32()} if device.type == "cuda" else {}),
        **{f"{kind}_system_share": series.system_share for kind, series in timed.series.items()},
    }
