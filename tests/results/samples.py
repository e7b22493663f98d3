"""Records made by hand."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np

from results.records import Measurement, Record
from results.store.atomic import write_atomic
from results.store.file_names import trial_slug
from results.store.run_store import RunStore


def record(model="resnet18", seed=1, **changes):
    fields = {
        "key": f"{model}-{seed}",
        "model": model,
        "dataset": "digits",
        "seed": seed,
        "device": "cpu",
        "status": "ok",
        "trial": {"model": model, "seed": seed},
        "measurements": (Measurement(name="top1_err", unit="%", values=(2.5,)),),
        "history": ({"epoch": 0, "train_loss": 1.25},),
        **changes,
    }
    return Record(**fields)


def keep_predictions(store, record, arrays):
    """Predictions on the way that they take in a run: a whole file that the trial leaves, then adopted."""
    left, buffer = store.work / "predictions.npz", io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomic(left, buffer.getvalue())
    return store.adopt(left, f"predictions/{trial_slug(record.model, record.seed, record.fold)}.npz")


def stored_run(folder, trials, name=None):
    """A run on disk: `trials` are pairs of a record and its predictions; its folder may be given a `name`."""
    store = RunStore.create(folder, "leaves", {"command": ["run", "--data-dir", "my leaves"]})
    for one, arrays in trials:
        if arrays:
            keep_predictions(store, one, arrays)
        store.save(one)
    store.clear_work()
    return RunStore(store.path.rename(folder / name)) if name else store


def in_folds(record, arrays, num_folds=3):
    """The same answers as the trials of a cross-validation: in each fold every third image is tested."""
    num_images = len(arrays["labels"])
    test = {name: array for name, array in arrays.items() if not name.startswith("val_")}
    data = {**record.data, "num_test": num_images, "folds": num_folds}
    for fold in range(1, num_folds + 1):
        rows = np.arange(fold - 1, num_images, num_folds)
        said = {"key": f"{record.key}-{fold}", "trial": {"fold": fold, "folds": num_folds}, "data": data}
        yield replace(record, **said), {name: array[rows] for name, array in test.items()} | {"rows": rows}
