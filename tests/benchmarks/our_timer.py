"""A process that times one model as the harness does: it rebuilds it from a checkpoint that another process has saved.

`python our_timer.py NAME FOLDER` saves one with random weights; `python our_timer.py NAME BATCH THREADS FOLDER` then
does what plain_timer.py does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from harness.machine.malloc import DEFAULT, allocator
from harness.plan.config import TimingConfig
from harness.timing.clock import clock_for
from harness.timing.sampling import Effort, collect, warm_up
from harness.timing.steps import InferenceStep, make_workload
from harness.trial import saved_model
from zoo.building import build
from zoo.discovery import discover
from zoo.specs import Task

CPU = torch.device("cpu")
WARM_UP_S = 3.0
CLASSES, SIZE = 1000, 224


def save(name: str, folder: str) -> None:
    (choice,) = discover().select(name)
    model = build(choice.spec, Task(num_classes=CLASSES, image_size=SIZE, channels=3)).model
    pixels = {"img_size": SIZE, "short_side": SIZE, "channels": 3, "stored_channels": 3, "mean": (0.0,) * 3}
    pixels |= {"std": (1.0,) * 3, "interpolation": "bilinear", "antialias": True, "crop_mode": "center"}
    classes = tuple(map(str, range(CLASSES)))
    card = saved_model.Card(model=name, num_classes=CLASSES, head="linear", weights="none", classes=classes, **pixels)
    saved_model.save(Path(folder), model, card)


def main(name: str, batch_size: str, num_threads: str, folder: str) -> None:
    torch.set_num_threads(int(num_threads))
    assert allocator() == DEFAULT
    (choice,) = discover().select(name)
    built, shape = saved_model.rebuild(Path(folder), choice.spec)
    step = InferenceStep(make_workload(built.model, shape, CLASSES, CPU, TimingConfig(batch_size=int(batch_size))))
    step.enter()
    clock = clock_for(CPU)
    warm_up(clock, step, WARM_UP_S)
    print("ready", flush=True)
    for line in sys.stdin:
        samples: list[float] = []
        collect(clock, step, Effort(budget_s=float(line), tolerance=0.0, min_samples=1), samples)
        print(json.dumps(samples), flush=True)


if __name__ == "__main__":
    {2: save, 4: main}[len(sys.argv) - 1](*sys.argv[1:])
