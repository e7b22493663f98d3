"""What the C library's allocator costs here: a step with blocks that glibc gives back, and the same with them kept."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

from harness.cli.commands.doctor.line import Line
from harness.machine.malloc import DEFAULT, OUTSIDE, allocator, keep_freed_memory

BATCH, CHANNELS, SIDE = 32, 32, 112  # activations of 49 MiB: larger than what glibc keeps by itself, 32 MiB
WARM_UP, STEPS = 3, 9
LIMIT_S = 120.0
WORTH_SAYING = 0.95
PROBE = "from harness.cli.commands.doctor.allocator import probe; probe()"


def lever() -> Line:
    """Which allocator there is, and what keeping freed memory would bring: measured in a process of its own."""
    now = allocator()
    if now != DEFAULT:
        return Line(topic="allocator", found=now)
    try:
        command = [sys.executable, "-c", PROBE]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_S).stdout
        given_back, kept = map(float, json.loads(said))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return Line(topic="allocator", found=f"{now}; what keeping freed memory would bring could not be measured")
    if kept > WORTH_SAYING * given_back:
        return Line(topic="allocator", found=f"{now}; keeping freed memory brings nothing here")
    found = f"{now}; a step of large convolutions takes {kept / given_back:.2f} of its time where freed memory is kept"
    return Line(topic="allocator", found=f"{found}: {OUTSIDE}")


def probe() -> None:
    """Print the median milliseconds of a step as glibc is, and once it keeps freed memory, as JSON."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    # Little to compute on much memory, as depthwise convolutions are: what pages cost shows most there.
    layers = nn.Sequential(nn.Conv2d(3, CHANNELS, 1), nn.ReLU(), nn.Conv2d(CHANNELS, CHANNELS, 1), nn.ReLU())
    images = torch.randn(BATCH, 3, SIDE, SIDE)

    def step_ms() -> float:
        start = perf_counter()
        with torch.inference_mode():
            layers(images)
        return (perf_counter() - start) * 1e3

    def measured() -> float:
        return median([step_ms() for _ in range(WARM_UP + STEPS)][WARM_UP:])

    given_back = measured()
    keep_freed_memory()
    print(json.dumps([given_back, measured()]))
