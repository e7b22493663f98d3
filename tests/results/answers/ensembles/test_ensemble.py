"""Ensembles of a stored run: against plain arithmetic, what several seeds mean, and how members are chosen."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from scipy.stats import binom

from results.answers.asked import Unanswerable
from results.answers.ensembles.ensemble import ensemble
from results.ranking.compare import compare, rank
from results.ranking.error_intervals import error_interval
from results.ranking.metrics import best_classes
from tests.results.runs import trial
from tests.results.samples import in_folds, stored_run

CLASSES = tuple("0123456789")
NUM_IMAGES, NUM_VAL = 400, 300
TEST, VAL = (np.random.default_rng(seed).integers(0, 10, num) for seed, num in ((1, NUM_IMAGES), (2, NUM_VAL)))


def answers(labels, generator, skill):
    logits = generator.normal(size=(len(labels), 10))
    logits[np.arange(len(labels)), labels] += skill
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return {"labels": labels, "top5_index": best_classes(logits), "log_probs": log_probs.astype(np.float32)}


def member(model, seed=1, skill=2.5, draw=None, val=True, **measured):
    """A trial whose answers are noise and, the more of it there is, skill; of one `draw` they are the same."""
    generator = np.random.default_rng(crc32(f"{model} {seed}".encode()) if draw is None else draw)
    record, _ = trial(model, seed, data={"classes": list(CLASSES), "num_test": NUM_IMAGES}, **measured)
    arrays = answers(TEST, generator, skill)
    kept = {f"val_{name}": array for name, array in answers(VAL, generator, skill).items()} if val else {}
    return record, arrays | kept


def plain_mean(*trials, val=False):
    return np.mean([np.exp(arrays["val_log_probs" if val else "log_probs"].astype(float)) for _, arrays in trials], 0)


def missed(mean, labels, k):
    return (np.argsort(-mean, axis=1)[:, :k] != labels[:, None]).all(axis=1)


def models(*seeds):
    return [member(name, seed, draw=10 * seed + at) for at, name in enumerate("abc") for seed in seeds]


def test_of_three_models_the_errors_interval_and_p_are_those_of_the_textbook(tmp_path):
    trials = models(1)
    stored_run(tmp_path, trials)
    found = ensemble(["a", "b", "c"], None, tmp_path)
    wrong = missed(plain_mean(*trials), TEST, 1)
    error = wrong.mean()
    assert found.score.error.mean == pytest.approx(100 * error)
    assert found.score.top5 == pytest.approx(100 * missed(plain_mean(*trials), TEST, 5).mean())
    alone = {record.model: missed(plain_mean((record, arrays)), TEST, 1) for record, arrays in trials}
    best = min(alone, key=lambda name: alone[name].mean())
    only_best, only_it = int((wrong & ~alone[best]).sum()), int((~wrong & alone[best]).sum())
    against = found.against_best
    assert (found.best, against.only_first, against.only_second) == (best, only_it, only_best)
    assert against.difference == pytest.approx(100 * (error - alone[best].mean()))
    n, fewer = only_best + only_it, min(only_best, only_it)
    assert against.p == pytest.approx(min(1.0, 2 * binom.cdf(fewer, n, 0.5) - binom.pmf(fewer, n, 0.5)))
    alone_interval = error_interval(~wrong)
    assert (found.score.error.low, found.score.error.high) == (alone_interval.low, alone_interval.high)
    pair = compare(~wrong, ~alone[best])
    assert (against.low, against.high, against.p) == pytest.approx((pair.low, pair.high, pair.p))


@pytest.mark.parametrize("seeds", [(1,), (1, 2, 3)])
def test_a_model_with_itself_is_the_model(tmp_path, seeds):
    stored_run(tmp_path, models(*seeds))
    found = ensemble(["b", "b"], None, tmp_path)
    [alone, _] = found.member_scores
    assert found.score == alone
    assert (found.against_best.difference, found.against_best.only_first, found.against_best.only_second) == (0, 0, 0)


def test_of_several_seeds_there_is_an_ensemble_each_and_errors_are_means(tmp_path):
    trials = models(1, 2, 3)
    stored_run(tmp_path, trials)
    found = ensemble(["a", "c"], None, tmp_path)
    groups = [[one for one in trials if one[0].model in "ac" and one[0].seed == seed] for seed in (1, 2, 3)]
    errors = [100 * missed(plain_mean(*group), TEST, 1).mean() for group in groups]
    assert (found.seeds, found.num_ensembles, found.of_seeds) == ((1, 2, 3), 3, False)
    assert found.score.error.mean == pytest.approx(np.mean(errors))
    assert found.score.top5 == pytest.approx(np.mean([100 * missed(plain_mean(*g), TEST, 5).mean() for g in groups]))
    assert found.score.error.low < found.score.error.mean < found.score.error.high


def test_what_seeds_do_is_learnt_from_the_other_models_of_the_run_too(tmp_path):
    trials = models(1, 2, 3)
    stored_run(tmp_path / "three", trials)
    stored_run(tmp_path / "two", [one for one in trials if one[0].model != "c"])
    known, alone = (ensemble(["a", "b"], None, tmp_path / name) for name in ("three", "two"))
    assert known.score.error.mean == alone.score.error.mean
    assert known.score.error.high != alone.score.error.high
    assert known.against_best.difference == alone.against_best.difference
    assert known.against_best.p != alone.against_best.p


def test_only_the_seeds_that_all_members_have_are_paired(tmp_path):
    stored_run(tmp_path, [member("a", 1), member("a", 2), member("b", 2), member("b", 3), member("c", 1)])
    assert ensemble(["a", "b"], None, tmp_path).seeds == (2,)
    with pytest.raises(Unanswerable, match="b, c have no seed in common that ended well"):
        ensemble(["b", "c"], None, tmp_path)


def test_of_one_model_all_seeds_are_one_ensemble_of_checkpoints(tmp_path):
    trials = [member("a", seed, draw=seed) for seed in (1, 2, 3)]
    stored_run(tmp_path, trials)
    found = ensemble(["a"], None, tmp_path)
    wrong = missed(plain_mean(*trials), TEST, 1)
    assert (found.members, found.num_ensembles) == (("a seed 1", "a seed 2", "a seed 3"), 1)
    assert found.score.error == error_interval(~wrong)
    alone = [missed(plain_mean(one), TEST, 1) for one in trials]
    best = int(np.argmin([own.mean() for own in alone]))
    assert (found.best, found.against_best.p) == (f"a seed {best + 1}", compare(~wrong, ~alone[best]).p)


def test_times_are_sums_of_medians_on_the_devices_that_timed_all(tmp_path):
    times = {"cpu_infer_step_time": (1.0, 2.0, 9.0), "cpu_train_step_time": (50.0,)}
    on_gpu = times | {"cuda_infer_step_time": (0.5,)}
    stored_run(tmp_path, [member("a", device="cpu", **times), member("b", device="cpu", **on_gpu)])
    assert ensemble(["a", "b"], None, tmp_path).times == {"cpu_infer_step_time": (2.0, 2.0)}
    assert ensemble(["b", "b"], None, tmp_path).times["cuda_infer_step_time"] == (0.5, 0.5)


def greedy(trials, at_most):
    """Forward selection by plain arithmetic."""
    taken, path = [], []
    while len(taken) < min(at_most, len(trials)):
        worth = {}
        for one in trials:
            if one not in taken:
                mean = plain_mean(*taken, one, val=True)
                loss = -np.log(mean[np.arange(NUM_VAL), VAL]).mean()
                worth[one[0].model] = (missed(mean, VAL, 1).mean(), loss)
        best = min(worth, key=worth.get)
        taken.append(next(one for one in trials if one[0].model == best))
        path.append((worth[best], best))
    return [name for _, name in path[: 1 + min(range(len(path)), key=lambda at: path[at][0])]]


def same(one, other):
    return one is other


@pytest.mark.parametrize("draw", range(6))
def test_the_search_takes_what_forward_selection_on_validation_takes_and_judges_it_on_test(tmp_path, draw):
    class Trial(tuple):
        __eq__, __hash__ = same, object.__hash__

    skills = np.random.default_rng(draw).uniform(1.5, 3.0, 6)
    trials = [Trial(member(f"m{at}", skill=skill, draw=100 * draw + at)) for at, skill in enumerate(skills)]
    stored_run(tmp_path, trials)
    found, expected = ensemble([], None, tmp_path, at_most=4), greedy(trials, 4)
    assert list(found.members) == [step.model for step in found.search.steps] == expected
    chosen = [next(one for one in trials if one[0].model == name) for name in expected]
    assert found.score.error.mean == pytest.approx(100 * missed(plain_mean(*chosen), TEST, 1).mean())
    assert found.search.steps[-1].error == pytest.approx(100 * missed(plain_mean(*chosen, val=True), VAL, 1).mean())


def test_the_search_never_looks_at_the_test_images(tmp_path):
    trials = models(1)
    stored_run(tmp_path / "one", trials)
    spoilt = [(record, arrays | {"log_probs": arrays["log_probs"][::-1]}) for record, arrays in trials]
    stored_run(tmp_path / "two", spoilt)
    assert ensemble([], None, tmp_path / "one", 2).search == ensemble([], None, tmp_path / "two", 2).search


def test_the_search_keeps_to_the_models_named_and_stays_alone_where_nothing_helps(tmp_path):
    first = member("a", draw=1)
    twin = (replace(first[0], model="twin", key="twin-1"), first[1])
    stored_run(tmp_path, [first, twin, member("c", draw=9)])
    found = ensemble(["twin", "a"], None, tmp_path, at_most=3)
    assert (found.members, found.against_best, found.search.num_candidates) == (("twin",), None, 2)


def test_runs_of_before_have_no_validation_predictions_and_the_search_says_so(tmp_path):
    stored_run(tmp_path, [member("a"), member("b", val=False)])
    with pytest.raises(
        Unanswerable, match="no validation predictions were kept of b: runs of before have none"
    ) as caught:
        ensemble([], None, tmp_path, at_most=2)
    assert caught.value.exit_code == 3
    assert ensemble(["a", "b"], None, tmp_path).score.top5 is not None


def test_above_a_hundred_classes_the_share_that_is_not_certain_is_known(tmp_path):
    trials = []
    for record, arrays in models(1):
        best = np.take_along_axis(arrays["log_probs"], arrays["top5_index"], axis=1)
        kept = {"labels": TEST, "top5_index": arrays["top5_index"], "top5_log_prob": best}
        trials.append((replace(record, data=record.data | {"classes": [str(n) for n in range(101)]}), kept))
    stored_run(tmp_path, trials)
    found = ensemble(["a", "b", "c"], None, tmp_path)
    assert 0 < found.uncertain < 0.5


def test_a_trial_of_which_the_predictions_are_damaged_is_left_out(tmp_path, capsys):
    store = stored_run(tmp_path, models(1, 2))
    (store.path / "predictions" / "b@s1.npz").write_bytes(b"")
    assert ensemble(["a", "b"], None, tmp_path).seeds == (2,)
    assert "b@s1.npz was moved to corrupt/" in capsys.readouterr().err


def test_of_a_cross_validation_all_folds_are_averaged_and_nothing_is_left_to_choose_on(tmp_path):
    trials = models(1, 2)
    stored_run(tmp_path / "whole", trials)
    stored_run(tmp_path / "folds", [fold for one in trials for fold in in_folds(*one)])
    whole, folds = (ensemble(["a", "b", "c"], None, tmp_path / name) for name in ("whole", "folds"))
    assert (folds.score, folds.member_scores) == (whole.score, whole.member_scores)
    with pytest.raises(Unanswerable, match="validation images of a fold test in another"):
        ensemble([], None, tmp_path / "folds", at_most=2)


def test_of_images_in_groups_the_groups_are_counted(tmp_path):
    trials, groups = models(1), np.arange(NUM_IMAGES) // 20
    stored_run(tmp_path, [(record, arrays | {"groups": groups}) for record, arrays in trials])
    found = ensemble(["a", "b", "c"], None, tmp_path)
    right = ~missed(plain_mean(*trials), TEST, 1)
    assert found.score.error == error_interval(right[None], groups)
    rest = {name: ~missed(plain_mean(one), TEST, 1)[None] for name, one in zip("abc", trials, strict=True)}
    by_groups = rank({**rest, "all": right[None]}, groups).alone("all", found.best)
    assert (found.against_best.low, found.against_best.p) == pytest.approx((by_groups.low, by_groups.p))
