"""What the answers of one model's seeds say, by hand and against the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.components import by_cluster, components


def test_components_are_the_mean_squares_of_a_two_way_layout():
    correct = np.random.default_rng(0).random((4, 30)) < 0.7
    wrong, parts = 1.0 - correct, components(correct)
    rest = wrong - wrong.mean(axis=0) - wrong.mean(axis=1, keepdims=True) + wrong.mean()
    assert parts.error == pytest.approx(wrong.mean())
    assert parts.between == pytest.approx(wrong.mean(axis=1).var(ddof=1))
    assert parts.disagreement == pytest.approx((rest**2).sum() / (3 * 29))
    assert parts.chance == pytest.approx(parts.disagreement / 30)


def test_the_parts_of_four_answers_are_what_one_computes_by_hand():
    # Error rates 1/2 and 0: variance 1/8. Squares 1 - 1/2 - 2 (1/16 + 1/16) = 1/4, one degree of freedom, two images.
    model = components([[1, 0], [1, 1]])
    assert (model.num_wrong.tolist(), model.num_wrong.dtype, model.num_seeds) == ([0.0, 1.0], np.float64, 2)
    assert (model.between, model.disagreement, model.chance) == pytest.approx((1 / 8, 1 / 4, 1 / 8))


def test_one_seed_says_nothing_of_others():
    model = components([1, 0, 1])
    assert (model.num_wrong.tolist(), model.num_wrong.dtype) == ([0.0, 1.0, 0.0], np.float64)
    assert (model.num_seeds, model.between, model.chance, model.disagreement) == (1, 0.0, 0.0, 0.0)


def test_no_answers_are_refused():
    with pytest.raises(ValueError, match=r"^no answers: at least one seed and one image are needed$"):
        components(np.ones((3, 0), dtype=bool))


def test_seeds_without_an_effect_differ_by_chance_alone():
    generator, chances = np.random.default_rng(1), np.random.default_rng(2).random(80)
    parts = [components(generator.random((3, 80)) < chances) for _ in range(3000)]
    assert np.mean([part.between for part in parts]) == pytest.approx((chances * (1 - chances)).sum() / 80**2, rel=0.05)
    assert np.mean([part.chance for part in parts]) == pytest.approx(
        np.mean([part.between for part in parts]), rel=0.05
    )


def test_clusters_of_one_image_each_change_nothing():
    correct = np.random.default_rng(3).random((3, 40)) < 0.8
    alone, clustered = components(correct), components(correct, np.arange(40))
    assert clustered.chance == pytest.approx(alone.chance * 39 / 40)  # images are not counted as one fewer
    assert clustered.between == alone.between


def test_images_that_are_copies_of_each_other_count_as_the_few_that_they_are():
    correct = np.random.default_rng(4).random((3, 40)) < 0.8
    copies = components(np.repeat(correct, 5, axis=1), np.repeat(np.arange(40), 5))
    assert copies.chance == pytest.approx(components(correct, np.arange(40)).chance)


def test_sums_are_taken_by_cluster_along_the_last_axis():
    values = np.arange(8.0).reshape(2, 4)
    assert by_cluster(values, np.array([0, 2, 0, 2])).tolist() == [[2, 0, 4], [10, 0, 12]]
