"""A process as a person's own script is: it imports torch and the model's library, and nothing of ours.

`python plain_timer.py NAME BATCH THREADS HISTORY` says "ready", then answers each line of seconds that it reads with
the milliseconds that torch.utils.benchmark.Timer measures in that time, as JSON.
"""

from __future__ import annotations

import json
import sys
from tempfile import TemporaryFile

import torch
from torch.utils.benchmark import Timer

STATEMENT = "with torch.inference_mode():\n    model(images)"


def trained(name: str) -> torch.nn.Module:
    """The model with weights that were loaded from a file, after it was tried on two images, as ours is.

    The C library adapts to the largest block that was ever freed, and the times of all steps from then on with it.
    A model whose weights were never loaded asks the system for pages in every step (densenet121 for 5,000, a quarter of
    its time); one that has never met two images is up to 15 % faster or slower with one, in the median.
    """
    model = built(name)
    with TemporaryFile() as file:
        torch.save(model.state_dict(), file)
        file.seek(0)
        model.load_state_dict(torch.load(file, weights_only=True))
    model.eval()
    with torch.inference_mode():
        model(torch.randn(2, 3, 224, 224))
    return model


def built(name: str) -> torch.nn.Module:
    library, _, timms = name.rpartition("/")
    if library:
        import timm

        return timm.create_model(timms)
    from torchvision import models

    return models.get_model(name, weights=None)


HISTORIES = {"built": lambda name: built(name).eval(), "loaded": trained}  # what the process did before


def main(name: str, batch_size: str, num_threads: str, history: str) -> None:
    torch.set_num_threads(int(num_threads))
    names = {"torch": torch, "model": HISTORIES[history](name), "images": torch.randn(int(batch_size), 3, 224, 224)}
    timer = Timer(STATEMENT, globals=names, num_threads=int(num_threads))
    timer.timeit(3)
    assert not [module for module in sys.modules if module.partition(".")[0] in ("harness", "zoo", "results")]
    print("ready", flush=True)
    for line in sys.stdin:
        times = timer.blocked_autorange(min_run_time=float(line)).times
        print(json.dumps([1e3 * seconds for seconds in times]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
