"""How kind the choice of the best is."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.selection import optimism
from tests.statistics.draws import draw


def test_the_best_of_many_equals_is_as_much_too_kind_as_said():
    generator, gaps, said = np.random.default_rng(0), [], []
    for _ in range(60):
        correct = draw(generator, [0.1] * 20, [0.0] * 20, 1, 500)
        gaps.append(100 * 0.1 - min(100 * (1 - answers.mean()) for answers in correct.values()))
        said.append(optimism(correct))
    assert np.mean(said) == pytest.approx(np.mean(gaps), rel=0.35)
    assert np.mean(gaps) > 1


def test_one_model_and_one_far_ahead_are_not_too_kind():
    assert optimism({"only": np.random.default_rng(1).random((2, 300)) < 0.8}) == pytest.approx(0, abs=0.15)
    assert optimism(draw(np.random.default_rng(2), [0.05, 0.4], [0.0] * 2, 1, 800)) == pytest.approx(0, abs=0.1)


def test_a_table_that_is_rendered_again_says_the_same():
    correct = draw(np.random.default_rng(3), [0.1] * 5, [0.1] * 5, 2, 200)
    assert optimism(correct) == optimism(correct)


def test_clusters_are_drawn_as_wholes():
    few = draw(np.random.default_rng(4), [0.1] * 10, [0.0] * 10, 1, 100)
    copied = {name: np.repeat(answers, 4, axis=1) for name, answers in few.items()}
    clusters = np.repeat(np.arange(100), 4)
    assert optimism(copied, clusters) == pytest.approx(optimism(few, np.arange(100)))
    assert optimism(copied) < optimism(copied, clusters)


def test_the_choice_is_judged_on_all_images_in_percentage_points():
    correct = draw(np.random.default_rng(6), [0.1] * 3, [0.0] * 3, 1, 50)
    wrong = np.stack([~answers[0] for answers in correct.values()]).astype(float)
    drawn = np.random.default_rng(0).multinomial(50, np.full(50, 1 / 50), size=400)
    gaps = []
    for counts in drawn:
        resampled = wrong @ counts / 50
        gaps.append(wrong[resampled.argmin()].mean() - resampled.min())
    assert optimism(correct) == pytest.approx(100 * np.mean(gaps))
