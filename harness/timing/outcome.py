"""What a timing found: measurements with their raw samples, a verdict, and what could not be timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from results.records import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One model on one device.

    `verdict` is "steady" or "noisy", `reasons` says why, one line each. `failures` maps "infer" or "train" to what it
    raised, for a step that could not be run. `facts` are the row's conditions: precision, threads and so on.
    """

    measurements: tuple[Measurement, ...]
    verdict: str
    reasons: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def measured(self, name: str) -> Measurement | None:
        """The measurement of that name, or None where it was not taken."""
        return next((m for m in self.measurements if m.name == name), None)
