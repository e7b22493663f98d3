import re

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from harness.data.folds import plan_folds
from harness.data.splits import plan_splits
from harness.data.whole_groups import folds_of, require_every_class, share_of
from tests.harness.data.test_splits import labelled
from zoo import ZooError

LABELS = np.random.default_rng(0).integers(0, 3, 200).tolist()
UNITS = np.random.default_rng(1).integers(0, 40, 200).tolist()


@pytest.mark.parametrize("num_folds", [2, 5, 10])
def test_folds_are_those_of_scikit_learns_splitters(num_folds):
    settings, rows = {"n_splits": num_folds, "shuffle": True, "random_state": 7}, np.zeros(200)
    plain = [test.tolist() for _, test in StratifiedKFold(**settings).split(rows, LABELS)]
    grouped = [test.tolist() for _, test in StratifiedGroupKFold(**settings).split(rows, LABELS, UNITS)]
    assert folds_of(LABELS, None, num_folds, 7) == plain
    assert folds_of(LABELS, UNITS, num_folds, 7) == grouped


def test_a_seed_beyond_those_of_numpy_is_one_too():
    assert folds_of(LABELS, None, 5, 2**63 - 1) != folds_of(LABELS, None, 5, 1)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.25, 0.4, 0.7, 0.95])
def test_about_the_share_that_was_asked_for_is_taken_in_whole_units(share):
    rows = list(range(0, 200, 1))
    taken, rest = share_of(rows, LABELS, UNITS, share, seed=0)
    assert sorted([*taken, *rest]) == rows
    assert {UNITS[row] for row in taken} & {UNITS[row] for row in rest} == set()
    assert len(taken) / 200 == pytest.approx(share, abs=0.05)
    assert {LABELS[row] for row in taken} == {LABELS[row] for row in rest} == {0, 1, 2}


def test_the_first_folds_are_taken_and_of_the_largest_share_something_is_left():
    folds = folds_of(LABELS, UNITS, 5, 3)
    assert share_of(range(200), LABELS, UNITS, 0.4, seed=3)[0] == sorted([*folds[0], *folds[1]])
    assert len(share_of(range(200), LABELS, UNITS, 0.999, seed=0)[1]) > 0


def test_one_group_cannot_be_shared_out():
    with pytest.raises(ZooError) as raised:
        share_of(range(4), [0, 1, 0, 1], [7, 7, 7, 7], 0.5, seed=0)
    assert raised.value.cause == "all images that are left to train with are of one group"
    assert raised.value.remedy == "give it images of more groups, or split by something finer with --group-by"


def test_few_units_are_shared_out_so_that_both_sides_have_every_class():
    labels, units = [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2, 3, 3]
    for seed in range(20):
        taken, rest = share_of(range(8), labels, units, 0.1, seed)
        assert ({labels[row] for row in taken}, {labels[row] for row in rest}) == ({0, 1}, {0, 1})


def test_only_the_rows_that_are_given_are_shared_out():
    rows = list(range(50, 150))
    taken, rest = share_of(rows, LABELS, UNITS, 0.3, seed=0)
    assert sorted([*taken, *rest]) == rows


def test_classes_that_a_part_lacks_are_named():
    with pytest.raises(ZooError, match="whole groups leave no image of b, c to test") as raised:
        require_every_class("abc", {0}, "test")
    assert raised.value.remedy == "give it images of more groups, or split by something finer with --group-by"


def test_where_any_fold_would_give_both_sides_every_class_one_such_is_taken():
    later = 0
    for seed in range(80):
        dice = np.random.default_rng(seed)
        labels, units = (dice.integers(0, count, 24).tolist() for count in (3, 9))
        most = min(len({unit for unit, own in zip(units, labels, strict=True) if own == label}) for label in range(3))
        folds = folds_of(labels, units, min(5, max(most, 2)), seed)
        good = [
            {labels[row] for row in fold} == {labels[row] for row in range(24) if row not in fold} == {0, 1, 2}
            for fold in folds
        ]
        taken, rest = share_of(range(24), labels, units, 0.2, seed)
        assert not any(good) or {labels[row] for row in taken} == {labels[row] for row in rest} == {0, 1, 2}
        later += any(good) and not good[0]
    assert later > 0


REFUSALS = {
    0: (
        r"whole groups leave no image of [ab] to val",
        r"whole groups leave no image of [ab] to train",
        r"[12] classes have fewer than 3 groups and cannot be split: [ab] \(.*\)",
    ),
    3: (
        r"whole groups leave no image of [ab] to train with in fold [123]",
        r"[12] classes have fewer than 3 groups and cannot be in each of 3 folds: [ab] \(.*\)",
    ),
}


def planned(images, units, seed, num_folds, refusals):
    """The plans, none where they are refused; anything else than a refusal in words is let through."""
    try:
        if num_folds:
            return plan_folds(images, num_folds, seed=seed, units=units, grouped=True)
        return [plan_splits(images, seed=seed, units=units)]
    except ZooError as error:
        refusals.append(error.cause)
        return []


@pytest.mark.parametrize("num_folds", [0, 3])
def test_groups_of_all_kinds_are_cut_or_refused_in_words(num_folds):
    """Few groups of several classes: whatever they are like, parts are whole and have what they need."""
    dice, cut, refusals = np.random.default_rng(5), 0, []
    for seed in range(300):
        num_images, num_groups = (int(dice.integers(*limits)) for limits in ((6, 40), (1, 9)))
        labels, units = (dice.integers(0, count, num_images).tolist() for count in (2, num_groups))
        for plan in planned(labelled(labels), units, seed, num_folds, refusals):
            parts = [{units[row] for row in part.rows} for part in (plan.train, plan.val, plan.test)]
            assert all(parts)
            assert sum(map(len, parts)) == len(set(units))
            assert {labels[row] for row in plan.train.rows} == {0, 1}
            cut += 1
    assert cut > 100
    kinds = [next((kind for kind in REFUSALS[num_folds] if re.fullmatch(kind, cause)), cause) for cause in refusals]
    assert set(kinds) == set(REFUSALS[num_folds])


@pytest.mark.parametrize(("own", "needed"), [({"test": [0, 1]}, 2), ({"test": [0, 1], "val": [0, 1]}, 1)])
def test_a_class_needs_a_group_for_each_part_that_is_cut(own, needed):
    labels, units = [0] * 6 + [1] * 6, [0, 0, 1, 1, 2, 2, *[3] * 3, *([4] if needed == 2 else [3]) * 3]
    plan = plan_splits(labelled(labels, **own), units=units)
    assert {labels[row] for row in plan.train.rows} == {0, 1}
    if needed == 2:
        with pytest.raises(ZooError, match=r"1 classes have fewer than 2 groups and cannot be split: b \(1\)"):
            plan_splits(labelled(labels, **own), units=[*units[:6], *[3] * 6])
