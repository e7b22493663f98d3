"""What is put to the test. Tests replace one part by a faulty one, to see that the check for it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.timing.clock import Clock, HostClock, clock_for
from harness.timing.flops import count
from harness.training.evaluate import evaluate, predict
from harness.trial.outcome import saved_predictions
from results.ranking.metrics import top_error

if TYPE_CHECKING:
    from torch import nn

    from harness.data.batches.batches import Batches
    from harness.plan.config import TrainConfig
    from harness.timing.flops import Work
    from harness.training.evaluate import Scores
    from harness.training.model import TrainableModel


def test_error(trainable: TrainableModel, batches: Batches, config: TrainConfig) -> float:
    """Percent of images misjudged, from predictions as they are saved: the way of the test set."""
    logits_NK, labels_N = predict(trainable, batches, config)
    return top_error(saved_predictions(logits_NK, labels_N), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The device, and the functions of the harness that the checks call."""

    device: torch.device
    clock_for: Callable[[torch.device], Clock] = clock_for
    host_clock: Callable[[Callable[[], object]], Clock] = HostClock
    count: Callable[[nn.Module, tuple[int, int, int]], Work] = count
    evaluate: Callable[[TrainableModel, Batches, TrainConfig], Scores] = evaluate
    test_error: Callable[[TrainableModel, Batches, TrainConfig], float] = test_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether the known answer came out, and what did."""

    ok: bool
    seen: str


Check = Callable[[Parts], Finding]
