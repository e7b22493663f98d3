"""Makes the times from which latency is predicted again: `python -m tests.make_latency_times` (ten minutes).

`harness/picks/cpu_times.csv` has the median time of one image on one thread of this machine's CPU, of models from every
family that the catalogue has up to 5 GMAC, built from random weights. It is CPU time, which is the time on the clock
where nothing else runs, and differs little from it where something does.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import thread_time

import torch

from harness.machine.facts import machine_facts
from harness.picks.cpu_times import TIMES, write
from plugins import timm_models, torchvision_models
from zoo.building import build_module
from zoo.catalogue.entry import CatalogueEntry
from zoo.catalogue.snapshot import entries
from zoo.specs import Task

MAX_MACS, MAX_SIZE, SEED = 5_000_000_000, 320, 3
# Of a family with so many architectures or more, one is timed for each.
ONE_FOR_EACH = (1, 6, 16)
WARM_UP, LEAST_STEPS, MOST_STEPS, SECONDS = 2, 5, 50, 0.5


def sample(seed: int = SEED) -> list[CatalogueEntry]:
    """One to three architectures of every family, in an order of chance."""
    chance = random.Random(seed)
    families: dict[tuple[str, str], dict[str, CatalogueEntry]] = defaultdict(dict)
    for entry in entries():
        if entry.macs <= MAX_MACS and entry.img_size <= MAX_SIZE:
            families[entry.library, entry.family].setdefault(entry.model, entry)
    chosen = [
        chance.choice(there)
        for members in families.values()
        for there in parts(list(members.values()), sum(len(members) >= least for least in ONE_FOR_EACH))
    ]
    chance.shuffle(chosen)
    return chosen


def parts(members: Sequence[CatalogueEntry], count: int) -> list[Sequence[CatalogueEntry]]:
    """The members of a family in `count` parts, from the one with least work to the one with most."""
    ordered = sorted(members, key=lambda entry: entry.macs)
    bounds = [round(part * len(ordered) / count) for part in range(count + 1)]
    return [ordered[low:high] for low, high in pairwise(bounds)]


def cpu_ms(entry: CatalogueEntry) -> float:
    """Median CPU time of one image through the model, in milliseconds."""
    libraries = (timm_models, torchvision_models)
    (spec,) = (spec for library in libraries for spec in library.zoo_models() if spec.name == entry.model)
    task = Task.for_model(spec, 1000, image_size=entry.img_size, channels=entry.channels)
    model = build_module(spec, task).eval()
    image = torch.randn(1, *task.input_shape)
    took: list[float] = []
    while len(took) < WARM_UP + LEAST_STEPS or (sum(took) < SECONDS and len(took) < MOST_STEPS):
        began = thread_time()
        model(image)
        took.append(thread_time() - began)
    return 1e3 * median(took[WARM_UP:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=TIMES, help="default: the table that ships")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    timed = []
    with torch.inference_mode():
        for entry in sample():
            try:
                timed.append((entry, cpu_ms(entry)))
            except Exception as error:
                print(f"left out: {entry.model}: {error}", file=sys.stderr)
            print(f"{timed[-1][0].name}: {timed[-1][1]:.2f} ms", file=sys.stderr)
    facts = machine_facts()
    write(timed, f"{facts['cpu']}, torch {facts['torch']}, CPU time of one thread, batch 1, float32", output)
    print(f"wrote {output}: {len(timed)} models")


if __name__ == "__main__":
    main()
