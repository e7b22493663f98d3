"""Who goes on: the best, those whom the order of errors may wrong, and no more than two in five."""

from __future__ import annotations

import numpy as np
import pytest

from harness.picks.rungs import SECOND_RUNG, Rung, survivors


def answers(*errors, num_images=400, seed=0):
    """Models `m00`, `m01` … with these error rates, right and wrong at random."""
    generator = np.random.default_rng(seed)
    return {f"m{at:02d}": generator.random(num_images) >= error for at, error in enumerate(errors)}


def kept(verdicts):
    return {name for name, verdict in verdicts.items() if verdict.is_kept}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_answers_the_best_and_the_guarded_stay_and_no_more_than_allowed(seed):
    generator = np.random.default_rng(seed)
    num = int(generator.integers(1, 80))
    correct = answers(*generator.uniform(0.05, 0.3, num), num_images=150, seed=seed)
    prior = {name: float(generator.random()) for name in correct if generator.random() < 0.6}
    band = {name: int(generator.integers(4)) for name in correct if generator.random() < 0.8}
    verdicts = survivors(correct, prior, band)
    order, stay = list(verdicts), kept(verdicts)
    assert [verdicts[name].error for name in order] == sorted(verdict.error for verdict in verdicts.values())
    num_best = max(10, num // 4)
    assert set(order[:num_best]) | set(sorted(prior, key=prior.get, reverse=True)[:3]) <= stay
    guarded = set(order[:num_best]) | set(sorted(prior, key=prior.get, reverse=True)[:3])
    guarded |= {next(name for name in order if band.get(name) == one) for one in set(band.values())}
    assert guarded <= stay
    assert len(stay) <= max(int(0.4 * num), len(guarded))
    assert all(verdict.p >= 0.1 for name, verdict in verdicts.items() if name in stay - guarded)


def test_the_order_of_the_models_decides_nothing():
    correct = answers(*[0.1] * 60, num_images=100)
    backwards = dict(reversed(correct.items()))
    assert survivors(correct, {}, {}) == survivors(backwards, {}, {})


def test_who_is_clearly_worse_is_dropped_with_both_errors_and_its_p():
    verdicts = survivors(answers(*[0.05] * 12, *[0.5] * 30), {}, {})
    assert kept(verdicts) == {f"m{at:02d}" for at in range(12)}
    last = list(verdicts.values())[-1]
    assert (last.is_kept, last.p < 0.001) == (False, True)
    assert last.reason.startswith(f"{last.error:.1f} % against ")
    assert last.reason.endswith(" %, p < 0.001")


def test_a_copy_under_another_name_ties_and_goes_where_its_twin_goes():
    correct = answers(*[0.05] * 9, 0.08, *[0.5] * 30)
    verdicts = survivors(correct | {"copy": correct["m09"]}, {}, {})
    assert {"m09", "copy"} <= kept(verdicts)
    assert "not told apart from" in verdicts["m09"].reason
    assert verdicts["m09"].error == verdicts["copy"].error


def test_of_models_that_guess_as_many_go_on_as_may_and_the_rest_hears_why():
    verdicts = survivors(answers(*[0.9] * 50, num_images=60), {}, {})
    assert len(kept(verdicts)) == 20
    tied = [verdict.reason for verdict in verdicts.values() if not verdict.is_kept and verdict.p >= 0.1]
    assert tied
    assert all("at most 40 % go on" in reason for reason in tied)


def test_a_model_that_sees_the_label_survives_every_rung():
    correct = answers(*[0.1] * 40) | {"seer": np.ones(400, dtype=bool)}
    for rule in (Rung(), SECOND_RUNG, Rung(least=1, share=0.0, num_prior=0)):
        verdicts = survivors(correct, {}, {}, rule)
        assert next(iter(verdicts)) == "seer"
        assert verdicts["seer"].is_kept


def test_images_that_belong_together_weigh_as_one():
    better = np.ones(200, dtype=bool)
    worse = np.concatenate([np.ones(176, dtype=bool), np.zeros(24, dtype=bool)])
    rule = Rung(least=1, share=0.0, most_share=1.0)
    alone = survivors({"better": better, "worse": worse}, {}, {}, rule)
    grouped = survivors({"better": better, "worse": worse}, {}, {}, rule, units=[row // 24 for row in range(200)])
    assert not alone["worse"].is_kept
    assert grouped["worse"].is_kept
    assert survivors({}, {}, {}) == {}
