"""Records made by hand."""

from __future__ import annotations

import io

import numpy as np

from results.records import Measurement, Record
from results.store.atomic import write_atomic
from results.store.file_names import trial_slug


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
    return store.adopt(left, f"predictions/{trial_slug(record.model, record.seed)}.npz")
