"""How long a person waits for ranks after the last trial."""

from __future__ import annotations

import numpy as np

from results.ranking.compare import rank


def test_twelve_models_are_ranked_within_two_seconds(benchmark):
    generator = np.random.default_rng(0)
    errors = np.linspace(0.05, 0.3, 12)
    correct = {f"model{index}": generator.random((3, 10_000)) >= error for index, error in enumerate(errors)}
    found = benchmark.pedantic(rank, args=(correct,), rounds=5, warmup_rounds=1)
    assert len(found.p_adjusted) == 12 * 11
    assert benchmark.stats["max"] < 2
