import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from harness.data.whole_groups import folds_of, require_every_class, share_of
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
