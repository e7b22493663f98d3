"""Runs of any size with all that a page shows: devices, seeds, curves, classes, failures, images that all missed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from results.page.document import document
from results.page.library import within
from results.page.report_run import report_run
from results.ranking.metrics import score
from results.records import Failure, Measurement, Record
from results.store import image_names
from results.store.image_names import ImageNames
from results.store.run_store import RunStore
from tests.results.runs import DATA, FACTS, MACHINE
from tests.statistics.draws import draw

CLASSES = ("elm", "oak", "fir", "birch <b>", "日本語", "a class with quite a long name")
NAMES = ("resnet", "timm/convnext_tiny.in12k_ft_in1k", "vit", "timm/efficientnet_b0", "mlp", "densenet")
NUM_IMAGES, NUM_EPOCHS, MISSED = 300, 8, 5


@dataclass(frozen=True)
class MadeRun:
    """A run in memory, at a folder that may hold the names of its images."""

    path: Path
    trials: tuple

    @cached_property
    def _answers(self):
        return {record.key: arrays for record, arrays in self.trials}

    @property
    def configuration(self):
        return {"schema": 1, "command": ["run", "--data-dir", "my leaves"], "machine": MACHINE}

    def records(self):
        return [record for record, _ in self.trials]

    def predictions(self, record):
        return self._answers[record.key]


def made_run(path, num_models, *, num_seeds=2, names=None, devices=("cpu", "cuda"), classes=CLASSES, failures=1):
    """The first images are missed by all; the last models failed."""
    generator = np.random.default_rng(num_models)
    names = names or [f"{NAMES[at % len(NAMES)]}{at // len(NAMES) or ''}" for at in range(num_models)]
    errors = np.linspace(0.04, 0.4, len(names))
    met = draw(generator, errors, [0.1] * len(names), num_seeds, NUM_IMAGES)
    labels = generator.integers(0, len(classes), NUM_IMAGES)
    trials = [
        _trial(generator, name, seed, labels, own[seed - 1], classes, devices, error)
        for name, own, error in zip(names, met.values(), errors, strict=True)
        for seed in range(1, num_seeds + 1)
    ]
    trials += [_failed(f"broken{at}") for at in range(failures)]
    return MadeRun(path, tuple(trials))


def _trial(generator, model, seed, labels, met, classes, devices, error):
    taken = np.where(met, labels, (labels + generator.integers(1, 3, len(labels))) % len(classes))
    taken[:MISSED] = (labels[:MISSED] + 1) % len(classes)
    log_probs = np.full((len(labels), len(classes)), np.log(0.1), dtype=np.float32)
    log_probs[np.arange(len(labels)), taken] = np.log(0.6)
    arrays = {"labels": labels, "log_probs": log_probs}
    scores = score(arrays, classes)
    speed = float(np.exp(0.7 * np.sin(1000 * error) - 4 * error))
    times = {
        f"{device}_{step}_step_time": tuple(
            factor * speed * 60 * generator.lognormal(0, 0.03, 12) / (1 + 7 * (device != "cpu"))
        )
        for device in devices
        for step, factor in (("infer", 1), ("train", 3))
    }
    values = {"train_seconds": (90 * speed,), "peak_mib": (512.0,), **times}
    measured = tuple(Measurement(name=name, unit="", values=own) for name, own in values.items())
    record = Record(
        key=f"{model}-{seed}",
        model=model,
        dataset="leaves",
        seed=seed,
        device=devices[-1] if devices else "cpu",
        status="ok",
        trial={"train": {"epochs": NUM_EPOCHS}},
        machine=MACHINE,
        data=DATA | {"classes": list(classes), "num_test": len(labels)},
        facts=FACTS | {"best_epoch": 4, "param_count": int(3e7 * speed)},
        measurements=(*scores.measurements, *measured),
        history=_history(generator, error),
        per_class=scores.per_class,
        confusion_counts=scores.confusion_counts,
    )
    return record, arrays


def _history(generator, error):
    """Losses that fall, and of every second model rise again."""
    rising = generator.random() < 0.5
    rows = []
    for epoch in range(NUM_EPOCHS):
        loss = error * 3 + 1.6 * 0.5**epoch + (0.12 * max(0, epoch - 4) if rising else 0.0)
        loss += 0.01 * generator.random()
        rows.append(
            {
                "epoch": epoch,
                "train_loss": 1.8 * 0.55**epoch + 0.01 * generator.random(),
                "eval_loss": loss,
                "eval_top1": 100 - 100 * min(1, error + 0.5 ** (epoch + 1)),
            }
        )
    return tuple(rows)


def _failed(model):
    error = Failure(phase="train", cause="out of memory at batch 256", log=f"failures/{model}@s1.txt")
    fields = {"key": model, "model": model, "dataset": "leaves", "seed": 1, "device": "cuda", "trial": {}}
    return Record(**fields, status="oom", machine=MACHINE, data=DATA, error=error), {}


def with_images(run, folder):
    """The same run, its test images as files in `folder`: noise of 40 × 30 pixels."""
    from PIL import Image

    generator = np.random.default_rng(0)
    folder.mkdir()
    run.path.mkdir(exist_ok=True)
    labels = run.trials[0][1]["labels"].tolist()
    files = [f"leaf{at}.png" for at in range(len(labels))]
    for file in files[:MISSED]:
        pixels = np.kron(generator.integers(0, 255, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(folder / file)
    image_names.keep(RunStore(run.path), ImageNames(folder=str(folder), pool="", images=files, labels=labels))
    return run


def renamed(run, name, instead):
    """The same run with a model called otherwise."""
    trials = (
        (replace(record, model=instead) if record.model == name else record, arrays) for record, arrays in run.trials
    )
    return MadeRun(run.path, tuple(trials))


def written(run, file, library=None):
    """Its page, with the chart library within unless another is given; returns `file`."""
    file.write_text(document([report_run(run)], library or within()), encoding="utf-8")
    return file
