"""Scores from predictions beside scikit-learn's own functions for the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from results.ranking.metrics import score, top_error

NUM_IMAGES, NUM_CLASSES = 10_000, 100


def predictions() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(NUM_CLASSES), NUM_IMAGES).astype(np.float32)
    return {"probs": probs, "labels": rng.integers(0, NUM_CLASSES, NUM_IMAGES)}


@pytest.mark.benchmark(group="top-5 error")
def test_ours(benchmark):
    assert 90 < benchmark(top_error, predictions(), 5) < 100


@pytest.mark.benchmark(group="top-5 error")
def test_scikit_learn(benchmark):
    saved = predictions()
    right = benchmark(top_k_accuracy_score, saved["labels"], saved["probs"], k=5, labels=range(NUM_CLASSES))
    assert 100 * (1 - right) == pytest.approx(top_error(saved, 5), abs=0.02)


@pytest.mark.benchmark(group="all scores of a test set")
def test_all_scores(benchmark):
    found = benchmark(score, predictions(), [str(number) for number in range(NUM_CLASSES)])
    assert len(found.per_class) == NUM_CLASSES
