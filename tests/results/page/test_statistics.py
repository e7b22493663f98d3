"""How intervals were computed, said of this run and not of another kind."""

from __future__ import annotations

from results.page.statistics import statistics
from tests.results.runs import summary_of, trial

VIT, MLP = trial("vit", wrong=range(50)), trial("mlp", wrong=range(300))


def terms(*trials):
    return dict(statistics(summary_of(*trials)))


def test_with_one_seed_what_is_compared_are_the_trainings_and_p_is_mcnemar_s():
    said = terms(VIT, MLP)
    assert "this compares the trainings that were made" in said["Compared"]
    assert said["p"].startswith("McNemar's test with the mid-p")


def test_with_several_seeds_intervals_are_over_training_again_too():
    said = terms(VIT, MLP, trial("vit", 2, wrong=range(60)), trial("mlp", 2, wrong=range(290)))
    assert "training again from other seeds" in said["Compared"]
    assert "McNemar" not in said["p"]


def test_one_model_has_no_rank_and_none_at_all_has_no_statistics():
    assert "Rank" not in terms(VIT)
    assert "chosen" not in terms(VIT)["Error (95 %)"]
    assert terms(trial("vit", status="failed", cause="it broke")) == {}
