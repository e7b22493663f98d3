"""Runs made by hand: models that are wrong on chosen images, and a folder in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from results.ranking.summary import summarise
from results.records import Failure, Measurement, Record
from results.tables.render import printed

NUM_IMAGES = 1000
# A diverged trial has figures as well; they must not be shown as if they meant something.
MEASURED = ("ok", "diverged")
MACHINE = {
    "cpu": "Old Reliable 9000",
    "cores": 2,
    "python": "3.11.9",
    "torch": "2.15.0",
    "torchvision": "0.30.0",
    "timm": "1.0.31",
    "accelerators": [],
}
DATA = {"name": "leaves", "fingerprint": "9f3c71e1", "classes": ["elm", "oak"], "num_test": NUM_IMAGES}
FACTS = {
    "param_count": 27_800_000,
    "weights": "none",
    "head": "fc",
    "finetune": "full",
    "img_size": 224,
    "channels": 3,
    "infer_batch_size": 32,
    "precision": "float32",
    "channels_last": "auto",
    "threads": 2,
    "timing_verdict": "steady",
}


def trial(
    model,
    seed=1,
    *,
    wrong=range(0),
    facts=None,
    machine=None,
    data=None,
    status="ok",
    cause="",
    device=None,
    **measured,
):
    """A trial that was wrong on the images `wrong`, with the samples of each measurement."""
    values = {"top1_err": (len(wrong) * 100 / NUM_IMAGES,), "train_seconds": (362.0,), "peak_mib": (512.0,)} | measured
    record = Record(
        key=f"{model}-{seed}",
        model=model,
        dataset="leaves",
        seed=seed,
        device=device or ("cuda" if "cuda_infer_step_time" in measured else "cpu"),
        status=status,
        trial={},
        machine=MACHINE | (machine or {}),
        data=DATA | (data or {}),
        facts=FACTS | (facts or {}) if status in MEASURED else {},
        error=Failure(phase="train", cause=cause) if cause else None,
        measurements=tuple(Measurement(name=name, unit="", values=tuple(value)) for name, value in values.items())
        if status in MEASURED
        else (),
    )
    return record, predictions(wrong) if status in MEASURED else {}


def predictions(wrong):
    """Every label is class 0; images in `wrong` are taken for class 1."""
    probs = np.tile([1.0, 0.0], (NUM_IMAGES, 1))
    probs[list(wrong)] = [0.0, 1.0]
    return {"labels": np.zeros(NUM_IMAGES, dtype=int), "probs": probs}


@dataclass
class Folder:
    """A run's folder in memory, as results.store.run_store offers it on disk."""

    trials: list
    path: Path = Path("results/runs/2026-11-20-leaves-7f2a")
    configuration: dict = field(default_factory=lambda: {"command": ["run", "--data-dir", "my leaves"]})
    written: dict = field(default_factory=dict)

    def records(self):
        return [record for record, _ in self.trials]

    def predictions(self, record):
        return next(arrays for kept, arrays in self.trials if kept is record)

    def write(self, name, data):
        self.written[name] = data
        return self.path / name


def summary_of(*trials):
    folder = Folder(list(trials))
    return summarise(folder.records(), folder.predictions)


def printed_of(trials, *, as_json=False, width=None):
    return printed(Folder(list(trials)), summary_of(*trials), as_json=as_json, width=width)
