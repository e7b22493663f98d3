"""Events of a run that is no run, for the tests of what shows them."""

from __future__ import annotations

from time import mktime

from harness.runs.console.events import Epoch, Progress, Started, TrialEnded, TrialStarted

NOON = mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))  # wherever this is
NET = {"model": "convnext_tiny", "seed": 1, "fold": None}


def started(trials=18, done=6, **changes):
    values = {
        "store": "runs/2026-11-20-leaves-7f2a",
        "dataset": "leaves",
        "classes": 12,
        "images": {"train": 8412, "val": 1052, "test": 1051},
        "fingerprint": "9f3c71e1",
        "device": "cuda",
        "memory_gib": 139.0,
        "models": 6,
    }
    return Started(**values | {"trials": trials, "done": done} | changes)


def trial_started(number=7, trials=18, **net):
    return TrialStarted(**NET | net, number=number, trials=trials)


def progress(epoch=7, batch=21, **changes):
    values = {"batches": 33, "epochs": 10, "images_per_s": 1466.2, "wait_share": 0.02, "memory_mib": 21 * 1024.0}
    return Progress(**NET, **values | {"epoch": epoch, "batch": batch} | changes)


def epoch(number=6, seconds_left=2820.0, at_most=False, **changes):
    losses = {"train_loss": 0.5, "eval_loss": 0.25, "eval_top1": 94.7, "lr": 1e-3}
    seconds = {"train_seconds": 3.0, "eval_seconds": 1.0, "seconds_left": seconds_left, "at_most": at_most}
    return Epoch(**NET | losses | seconds | {"epoch": number, "epochs": 10} | changes)


def trial_ended(status="ok", **changes):
    scores = {"epochs": 9, "best_epoch": 6, "val_top1_err": 5.3, "total_seconds": 362.0, "timing_error": None}
    return TrialEnded(**NET | scores | {"status": status, "phase": None, "cause": None} | changes)
