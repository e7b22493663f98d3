"""How many images a table's own tests need."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

import numpy as np
import pytest
from scipy.stats import chi2, norm

from results.ranking import resolution
from results.ranking.resolution import Design, design, images_needed, narrows_most
from tests.results.ranking.test_error_intervals import bootstrap, grouped
from tests.statistics.draws import draw

ONE_SEED = Design(num_images=1000, num_seeds=1, num_models=2, per_image=0.1, disagreement=0.0, effect=None)
SEEDS = replace(ONE_SEED, num_seeds=3, disagreement=0.04, effect=0.0)


def made(num_models, num_seeds, effect=0.0, num_images=4000):
    return draw(np.random.default_rng(0), [0.1] * num_models, [effect] * num_models, num_seeds, num_images)


def test_two_checkpoints_need_the_images_of_connors_formula():
    expected = ceil((1.959964 + 0.841621) ** 2 * 0.1 / 0.02**2)
    assert images_needed(ONE_SEED, 0.02) == pytest.approx(expected, rel=0.002)


def test_the_level_is_that_of_all_pairs():
    many = replace(ONE_SEED, num_models=20)
    assert (ONE_SEED.level, many.level) == (0.05, 0.05 / 190)
    assert many.detectable() == pytest.approx(3.6512 * sqrt(0.1 / 1000), rel=1e-3)
    assert images_needed(many, 0.02) > 2 * images_needed(ONE_SEED, 0.02)


def test_the_figures_of_a_run_are_its_discordance_its_seeds_and_what_they_disagree_on():
    one, three = design(made(5, 1), 0.01), design(made(5, 3), 0.01)
    assert (one.num_seeds, three.num_seeds, one.num_models, one.num_images, one.effect) == (1, 3, 5, 4000, None)
    # Two single trials disagree on as many images, whether more were made or not.
    assert three.per_image == pytest.approx(one.per_image, rel=0.15)
    assert 0.3 < 2 * three.disagreement / three.per_image < 1
    assert three.over_images < 0.7 * one.over_images


def test_models_that_never_disagree_are_taken_to_disagree_on_the_gap():
    same = np.arange(500) % 9 > 0
    assert design({"a": same[None], "twin": same[None]}, 0.01).per_image == 0.01
    assert images_needed(design({"a": same[None], "twin": same[None]}, 0.01), 0.01) == pytest.approx(785, rel=0.01)


def test_an_effect_of_seeds_is_found_and_sets_a_limit_that_images_do_not_move():
    moved = design(made(12, 3, 0.5), 0.01)
    assert moved.effect == pytest.approx((0.5 * moved.disagreement) ** 2, rel=0.5)
    assert images_needed(moved, 0.01) is None
    assert replace(moved, num_images=10**6).power(0.01) < 0.8


def test_one_model_that_diverged_does_not_make_all_seeds_count_for_nothing():
    wild = np.random.default_rng(1).random((3, 4000)) < [[0.85], [0.84], [0.1]]
    quiet = made(20, 3, 0.1)
    assert design({**quiet, "wild": wild}, 0.01).effect < 3 * design(quiet, 0.01).effect


def test_seeds_without_an_effect_need_fewer_images_than_one():
    assert images_needed(replace(SEEDS, num_models=20), 0.02) < images_needed(replace(ONE_SEED, num_models=20), 0.02)


@pytest.mark.parametrize(
    ("seen", "way"),
    [
        (ONE_SEED, "images"),
        (replace(SEEDS, effect=3e-4), "seeds"),
        (replace(SEEDS, num_seeds=2, num_models=40, effect=0.0, num_images=10**6), "seeds"),
        (replace(ONE_SEED, num_models=1400, num_images=100), "images"),
    ],
)
def test_what_narrows_most_is_what_lets_the_smallest_gap_be_seen(seen, way):
    assert narrows_most(seen) == way


def test_the_pairs_that_count_are_those_with_the_best():
    answers = np.ones((4, 1000), dtype=bool)
    answers[0, :300], answers[1, :20], answers[2, :80], answers[3, :100] = False, False, False, False
    correct = {name: row[None] for name, row in zip("abcd", answers, strict=True)}
    assert design(correct, 0.01).per_image == pytest.approx(0.08)  # of 0.28, 0.06 and 0.08 the middle one


def test_two_seeds_are_several():
    assert design(made(3, 2), 0.01).effect is not None
    assert design(made(3, 2), 0.01).num_seeds == 2


def test_seeds_without_an_effect_have_hardly_any():
    quiet = design(made(30, 3), 0.01)
    assert quiet.effect < 0.1 * quiet.disagreement / quiet.num_images


def test_half_the_models_narrow_most_where_many_are_compared_by_few_seeds_that_differ():
    many = replace(SEEDS, num_seeds=2, num_models=8, effect=3e-4, num_images=10**5)
    widths = {
        "images": replace(many, num_images=2 * many.num_images).detectable(),
        "models": replace(many, num_models=4).detectable(),
        "seeds": replace(many, num_seeds=4).detectable(),
    }
    assert narrows_most(many) == min(widths, key=widths.get)


@pytest.mark.parametrize("num_models", [2, 3, 5, 8, 40])
@pytest.mark.parametrize("per_image", [0.01, 0.2])
def test_ways_are_twice_the_images_and_half_the_models(num_models, per_image):
    seen = replace(ONE_SEED, num_models=num_models, per_image=per_image)
    images, models = replace(seen, num_images=2000), replace(seen, num_models=max(2, num_models // 2))
    assert narrows_most(seen) == ("images" if images.detectable() <= models.detectable() else "models")


def test_luck_is_chi_squared_over_its_degrees_of_freedom_and_the_same_each_time():
    luck = replace(SEEDS, num_seeds=4)._luck(8)
    assert luck.shape == (3, 8)
    assert luck.mean() == pytest.approx(1, abs=0.05)
    assert np.median(luck) == pytest.approx(chi2.median(3) / 3, rel=0.05)
    assert (replace(SEEDS, num_seeds=4)._luck(8) == luck).all()
    assert SEEDS._luck(100).shape == (1, 100)


def test_power_is_that_of_the_true_variance_against_what_is_significant():
    seen = replace(SEEDS, num_models=5, effect=2e-4)
    least, variance = seen._detectable(), seen.over_images + 2 * 2e-4 / 3
    assert seen.power(0.05) == pytest.approx(norm.sf((least - 0.05) / variance**0.5).mean())
    assert seen.detectable() == pytest.approx(least.mean())
    assert len(least) == 4 * 10  # four tables of five models, all pairs of each


def test_what_is_significant_follows_the_effect_that_was_seen():
    none, some = replace(SEEDS, num_models=20), replace(SEEDS, num_models=20, effect=5e-4)
    assert len(none._detectable()) == 28  # the pairs of eight of twenty models
    assert some.detectable() > 1.5 * none.detectable()


def test_with_clusters_what_differs_is_what_a_bootstrap_over_them_makes_of_it():
    (first, second), clusters = grouped(200)
    correct = {"a": first, "b": second}
    apart = first.astype(float) - second
    variance = bootstrap(apart, clusters).var()
    assert design(correct, 0.01, clusters).over_images == pytest.approx(variance, rel=0.15)
    assert design(correct, 0.01, clusters).over_images > 1.3 * design(correct, 0.01).over_images


def test_clusters_of_copies_count_as_many_images_as_there_are_clusters():
    few = made(3, 2)
    copied = {name: np.repeat(answers, 4, axis=-1) for name, answers in few.items()}
    clusters = np.repeat(np.arange(next(iter(few.values())).shape[-1]), 4)
    seen, alone = design(copied, 0.01, clusters), design(few, 0.01)
    assert seen.over_images == pytest.approx(alone.over_images, rel=0.02)
    assert seen.detectable() == pytest.approx(alone.detectable(), rel=0.1)


def test_clusters_of_one_image_each_change_hardly_anything():
    answers = made(3, 2)
    alone, each = design(answers, 0.01), design(answers, 0.01, np.arange(next(iter(answers.values())).shape[-1]))
    assert each.over_images == pytest.approx(alone.over_images, rel=0.02)
    assert each.effect == pytest.approx(alone.effect, rel=0.05)


def test_the_pairs_of_a_few_models_are_those_of_all(monkeypatch):
    many, luck = replace(SEEDS, num_models=16, per_image=0.05, disagreement=0.03, effect=1e-4), np.linspace(0.1, 3, 16)
    few = many._pairs(luck)
    assert few.max() > 1.1 * few.min()  # from two of the nearest together to two of the farthest apart
    monkeypatch.setattr(resolution, "MOST_PAIRED", 16)
    assert (len(few), len(many._pairs(luck))) == (28, 120)
    assert few.mean() == pytest.approx(many._pairs(luck).mean(), rel=0.02)


def test_with_clusters_the_variance_is_that_of_their_sums_about_the_mean():
    generator, clusters = np.random.default_rng(4), np.repeat(np.arange(60), np.arange(60) % 5 + 1)
    correct = {name: generator.random((1, len(clusters))) > rate for name, rate in (("a", 0.1), ("b", 0.4))}
    apart = correct["a"][0].astype(float) - correct["b"][0]
    sums = np.bincount(clusters, apart - apart.mean())
    seen = design(correct, 0.01, clusters)
    assert seen.per_image == pytest.approx((sums**2).sum() / len(apart))
    assert seen.clustering == 1.0


def test_models_that_never_disagreed_are_taken_to_in_a_share_of_the_clusters():
    clusters = np.repeat(np.arange(40), np.arange(40) % 3 + 1)
    correct = dict.fromkeys("ab", np.ones((1, len(clusters)), dtype=bool))
    assert design(correct, 0.01).per_image == pytest.approx(0.01)
    sizes = np.bincount(clusters)
    assert design(correct, 0.01, clusters).per_image == pytest.approx(0.01 * (sizes**2).sum() / len(clusters))
