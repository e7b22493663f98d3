"""What a trial works with, beside what it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.training.feature_store import FeatureStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialContext:
    """The data, the device that trains and those that are timed, and features that other trials have computed."""

    dataset: Dataset
    device: torch.device
    timed_on: tuple[torch.device, ...]
    features: FeatureStore
