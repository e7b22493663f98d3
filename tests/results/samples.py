"""Records made by hand."""

from __future__ import annotations

from results.records import Measurement, Record


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
