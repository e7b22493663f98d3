"""How much too kind the best validation error is: as much as it is, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.picks.optimism import optimism


@pytest.mark.parametrize(("spread", "num_models"), [(0.0, 30), (0.02, 30), (0.15, 30), (0.0, 2)])
def test_the_estimate_is_the_true_excess_on_average(spread, num_models):
    generator, true, estimated = np.random.default_rng(0), [], []
    for seed in range(200):
        right = np.clip(0.85 + spread * generator.standard_normal(num_models), 0, 1)
        answers = generator.random((num_models, 100)) < right[:, None]
        best = answers.mean(axis=1).argmax()
        true.append(100 * (answers[best].mean() - right[best]))
        named = {str(at): one for at, one in enumerate(answers)}
        estimated.append(optimism(named, seed=seed, repeats=4).pp)
    assert np.mean(estimated) == pytest.approx(np.mean(true), abs=0.8)


def test_one_model_alone_and_a_clear_winner_are_not_too_kind():
    generator = np.random.default_rng(0)
    seer, guesser = np.ones(200, dtype=bool), generator.random(200) < 0.1
    assert optimism({"only": generator.random(200) < 0.7}).pp == pytest.approx(0, abs=0.3)
    found = optimism({"seer": seer, "guesser": guesser})
    assert (found.error, found.pp, found.num_models) == (0.0, 0.0, 2)


def test_copies_of_one_model_are_no_choice():
    generator = np.random.default_rng(0)
    one = generator.random(200) < 0.7
    assert optimism({str(at): one for at in range(20)}).pp == pytest.approx(optimism({"only": one}).pp, abs=1e-9)


def test_images_that_belong_together_are_not_cut_apart():
    generator = np.random.default_rng(0)
    few = generator.random((30, 20)) < 0.7
    units = [at // 10 for at in range(200)]
    many = {str(at): np.repeat(one, 10) for at, one in enumerate(few)}
    assert optimism(many, units).pp == pytest.approx(optimism(dict(zip(many, few, strict=True))).pp, rel=0.15)
    assert optimism(many).pp < 0.5 * optimism(many, units).pp
