"""A process that times one model as the harness does: `python our_timer.py NAME BATCH THREADS`, as plain_timer.py."""

from __future__ import annotations

import json
import sys

import torch

from harness.machine.malloc import DEFAULT, allocator
from harness.plan.config import TimingConfig
from harness.timing.clock import clock_for
from harness.timing.sampling import Effort, collect, warm_up
from harness.timing.steps import InferenceStep, make_workload
from zoo.building import build
from zoo.discovery import discover
from zoo.specs import Task

CPU = torch.device("cpu")
WARM_UP_S = 3.0


def main(name: str, batch_size: str, num_threads: str) -> None:
    torch.set_num_threads(int(num_threads))
    assert allocator() == DEFAULT
    (choice,) = discover().select(name)
    model = build(choice.spec, Task(num_classes=1000, image_size=224, channels=3)).model
    step = InferenceStep(make_workload(model, (3, 224, 224), 1000, CPU, TimingConfig(batch_size=int(batch_size))))
    step.enter()
    clock = clock_for(CPU)
    warm_up(clock, step, WARM_UP_S)
    print("ready", flush=True)
    for line in sys.stdin:
        samples: list[float] = []
        collect(clock, step, Effort(budget_s=float(line), tolerance=0.0, min_samples=1), samples)
        print(json.dumps(samples), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
