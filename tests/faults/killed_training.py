"""A training in a process of its own, which may be killed at any moment and is begun again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from torch import nn

from harness.training.checkpoint import TrainingCheckpoints
from harness.training.loop import fit
from tests.harness.tiny import batches, config, trainable

EPOCHS = 60


def train(folder: Path) -> None:
    """Train a small network with a checkpoint after each step; `folder/started` comes first, `folder/end` last."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.Linear(16, 3))
    checkpoints = TrainingCheckpoints(folder / "progress", {}, every_s=0, min_gap_s=0)
    (folder / "started").touch()
    result = fit(
        trainable(model), batches(), batches(), config(epochs=EPOCHS, lr=0.01), seed=1, checkpoints=checkpoints
    )
    rows = [{name: value for name, value in row.items() if "seconds" not in name} for row in result.rows]
    weights = b"".join(tensor.numpy().tobytes() for tensor in model.state_dict().values())
    (folder / "end.draft").write_text(json.dumps([rows, hashlib.sha256(weights).hexdigest()]))
    (folder / "end.draft").rename(folder / "end")
