"""A process that times one model whenever it is told to: isolated as a trial is, or by itself."""

from __future__ import annotations

import json
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torchvision import models

from harness.isolation.child_process import die_with_parent, lead_group
from harness.isolation.worker import main as trial  # noqa: F401  # what the process of a trial has imported
from harness.plan.config import TimingConfig
from harness.timing.measure import measure

TURN_S = 0.3


def serve(folder: Path) -> None:
    """Time inference once for each line that comes through `folder`/go, and say its seconds through `folder`/done."""
    torch.set_num_threads(2)
    torch.manual_seed(0)
    model = models.resnet18(num_classes=10).eval()
    config = TimingConfig(budget_s=TURN_S, tolerance=0.0, train=False)
    with (folder / "go").open() as go, (folder / "done").open("w") as done:
        for _ in go:
            timing = measure(model, (3, 64, 64), 10, torch.device("cpu"), config)
            (found,) = [m for m in timing.measurements if m.name == "cpu_infer_step_time"]
            done.write(json.dumps([found.min, found.median]) + "\n")
            done.flush()


def isolated(order: str, messages: Connection, log: Connection) -> None:
    """What a supervisor starts: the process of a trial, as far as it can matter to a timing."""
    lead_group()
    die_with_parent()
    serve(Path(order))
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
