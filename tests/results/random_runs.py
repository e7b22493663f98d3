"""Runs as they may come: failures, missing seeds, twins, errors of 0 and 100 %, a single class, one image, no times."""

from __future__ import annotations

import numpy as np

from tests.results.runs import trial

ERRORS = (0.0, 0.02, 0.1, 0.12, 0.3, 0.5, 1.0)
NUM_IMAGES = (1, 2, 15, 60, 300, 300)
DEVICES = ((), ("cpu",), ("cpu", "cuda"))
FAILURES = ("failed", "oom", "diverged", "skipped")


def random_run(number):
    """The trials of the `number`-th run: the same each time."""
    generator = np.random.default_rng(number)
    num_images, num_classes = int(generator.choice(NUM_IMAGES)), int(generator.integers(1, 4))
    labels = generator.integers(0, num_classes, num_images)
    devices, most_seeds = DEVICES[generator.integers(3)], int(generator.integers(1, 4))
    shared = generator.random(num_images)
    wrong: list = []
    trials = []
    for model in "abcdefg"[: generator.integers(1, 8)]:
        wrong.append(_wrong(generator, wrong, shared, most_seeds))
        trials += [
            _trial(generator, model, seed, labels, wrong[-1][seed - 1], num_classes, devices)
            for seed in range(1, most_seeds + 1)
            if seed == 1 or generator.random() < 0.8
        ]
    return trials


def _wrong(generator, before, shared, num_seeds):
    """Bool [S, N]: a model of its own error, on images that are hard for all to some degree, or a twin of another."""
    if before and generator.random() < 0.2:
        return before[generator.integers(len(before))]
    own = generator.random((num_seeds, len(shared)))
    weight = generator.choice((0.0, 0.5, 0.9))
    hardness = weight * shared + (1 - weight) * own
    error = generator.choice(ERRORS)
    return hardness < np.quantile(hardness, error) if 0 < error < 1 else np.full(own.shape, error == 1.0)


def _trial(generator, model, seed, labels, wrong, num_classes, devices):
    probs = np.full((len(labels), num_classes), 0.1)
    taken_for = (labels + wrong) % num_classes  # of one class nothing can be taken for another
    probs[np.arange(len(labels)), taken_for] = 0.8
    times = {
        f"{device}_infer_step_time": tuple(generator.choice((1, 1, 2, 5)) * generator.lognormal(0, 0.05, size))
        for device in devices
        if (size := int(generator.integers(0, 9)))
    }
    status = "ok" if generator.random() < 0.85 else str(generator.choice(FAILURES))
    facts = {"img_size": int(generator.choice((64, 224)))} if generator.random() < 0.2 else None
    record, _ = trial(
        model,
        seed,
        facts=facts,
        data={"num_test": len(labels)},
        status=status,
        cause="" if status == "ok" else "it broke",
        device="cuda" if "cuda" in devices else "cpu",
        **times,
    )
    kept = status == "ok" and generator.random() < 0.97
    return record, {"labels": labels, "probs": probs} if kept else {}
