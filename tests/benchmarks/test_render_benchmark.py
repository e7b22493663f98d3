"""How long, and in how much memory, the tables of a very large run are made: the three files and the screen."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from results.records import Measurement, Record
from results.tables.render import printed, render
from tests.results.runs import DATA, FACTS, MACHINE
from tests.statistics.draws import draw

NUM_MODELS, NUM_SEEDS, NUM_IMAGES, NUM_SAMPLES = 1400, 3, 2000, 2000
MIB = 2**20


@dataclass
class Folder:
    """A run in memory. Its answers are kept as bits, and its trials share samples: only the tables are to cost."""

    trials: list
    right: dict
    path: Path = Path("results/runs/2026-11-20-leaves-7f2a")
    configuration: dict = field(default_factory=lambda: {"command": ["run"]})
    written: dict = field(default_factory=dict)

    def records(self):
        return self.trials

    def predictions(self, record):
        right = np.unpackbits(self.right[record.model][record.seed - 1], count=NUM_IMAGES)
        return {"labels": np.zeros(NUM_IMAGES, dtype=int), "probs": np.stack([right, 1 - right], axis=1).astype("f4")}

    def write(self, name, data):
        self.written[name] = data
        return self.path / name


@cache
def samples(number):
    generator = np.random.default_rng(number)
    return tuple((5 + number) * generator.lognormal(0, 0.1, NUM_SAMPLES))


def record(model, number, seed, wrong):
    values = {"top1_err": (wrong,), "top5_err": (wrong / 9,), "train_seconds": (9.0,), "peak_mib": (512.0,)}
    values |= {
        f"cpu_{step}_step_time": samples((number + seed + at) % 40) for at, step in enumerate(("infer", "train"))
    }
    return Record(
        key=f"{model}-{seed}",
        model=model,
        dataset="leaves",
        seed=seed,
        device="cpu",
        status="ok",
        trial={},
        machine=MACHINE,
        data=DATA | {"num_test": NUM_IMAGES},
        facts=FACTS,
        measurements=tuple(Measurement(name=name, unit="", values=value) for name, value in values.items()),
    )


def large_run():
    errors, generator = np.linspace(0.02, 0.4, NUM_MODELS), np.random.default_rng(0)
    answers = draw(generator, errors, [0.1] * NUM_MODELS, NUM_SEEDS, NUM_IMAGES)
    right = {model: np.packbits(each, axis=1) for model, each in answers.items()}
    trials = [
        record(model, number, seed, 100 * (1 - answers[model][seed - 1].mean()))
        for number, model in enumerate(answers)
        for seed in range(1, NUM_SEEDS + 1)
    ]
    return Folder(trials, right)


def tables(folder):
    return printed(folder, render(folder), as_json=False, width=120)


def test_1400_models_of_3_seeds_are_shown_within_ten_seconds(benchmark):
    folder = large_run()
    text = benchmark.pedantic(tables, args=(folder,), rounds=1)
    assert " more in table.md" in text
    assert benchmark.stats["max"] < 10


@pytest.mark.slow
def test_1400_models_of_3_seeds_are_shown_within_500_mib():
    folder = large_run()
    tracemalloc.start()
    tables(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500 * MIB
