"""A process as a person's own script is: it imports torch and the model's library, and nothing of ours.

`python plain_timer.py NAME BATCH THREADS` says "ready", then answers each line of seconds that it reads with the
milliseconds that torch.utils.benchmark.Timer measures in that time, as JSON.
"""

from __future__ import annotations

import json
import sys

import torch
from torch.utils.benchmark import Timer

STATEMENT = "with torch.inference_mode():\n    model(images)"


def built(name: str) -> torch.nn.Module:
    library, _, timms = name.rpartition("/")
    if library:
        import timm

        return timm.create_model(timms)
    from torchvision import models

    return models.get_model(name, weights=None)


def main(name: str, batch_size: str, num_threads: str) -> None:
    torch.set_num_threads(int(num_threads))
    names = {"torch": torch, "model": built(name).eval(), "images": torch.randn(int(batch_size), 3, 224, 224)}
    timer = Timer(STATEMENT, globals=names, num_threads=int(num_threads))
    timer.timeit(3)
    assert not [module for module in sys.modules if module.partition(".")[0] in ("harness", "zoo", "results")]
    print("ready", flush=True)
    for line in sys.stdin:
        times = timer.blocked_autorange(min_run_time=float(line)).times
        print(json.dumps([1e3 * seconds for seconds in times]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
