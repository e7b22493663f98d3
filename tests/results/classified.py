"""Trials whose every answer is given, with what a record keeps of classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from results.ranking.metrics import score
from tests.results.runs import trial


def classified(model, labels, answers, classes, seed=1):
    """A trial that took each image of these `labels` for the class of `answers`; -1 is no finite output."""
    probs = np.full((len(labels), len(classes)), 0.1)
    probs[np.arange(len(labels)), answers] = 0.8
    probs[np.asarray(answers) < 0] = np.nan
    arrays = {"labels": np.asarray(labels), "probs": probs}
    scores = score(arrays, classes)
    record, _ = trial(model, seed, data={"classes": list(classes), "num_test": len(labels)})
    errors = [measured for measured in scores.measurements if measured.name == "top1_err"]
    kept = [measured for measured in record.measurements if measured.name != "top1_err"]
    found = replace(record, per_class=scores.per_class, confusion_counts=scores.confusion_counts)
    return replace(found, measurements=(*errors, *kept)), arrays
