# ruff: noqa: TID253
"""What all trials of a run share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.features import FeatureStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The data, the devices, features already computed, and facts for the record."""

    dataset: Dataset
    device: torch.device
    timed_on: tuple[torch.device, ...]
    features: FeatureStore
    machine: dict[str, Any]
