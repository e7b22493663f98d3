"""How long a person waits for ranks after the last trial."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.compare import rank


@pytest.mark.parametrize(("num_models", "num_images", "seconds"), [(12, 10_000, 0.5), (1400, 2000, 6)])
def test_models_with_three_seeds_are_ranked_in_time(benchmark, num_models, num_images, seconds):
    generator = np.random.default_rng(0)
    errors = np.linspace(0.05, 0.3, num_models)
    correct = {f"model{index}": generator.random((3, num_images)) >= error for index, error in enumerate(errors)}
    found = benchmark.pedantic(rank, args=(correct,), rounds=2, warmup_rounds=1)
    assert len(found.places) == num_models
    assert benchmark.stats["max"] < seconds
