from collections import Counter
from random import Random

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from harness.data.folds import plan_folds
from harness.data.splits import stratified_share
from tests.harness.data.test_splits import labelled
from zoo import ZooError
from zoo.errors import USAGE

LABELS = [0] * 40 + [1] * 25 + [2] * 11


def test_every_image_tests_once_and_no_part_meets_another():
    plans = plan_folds(labelled(LABELS, 3), 5, seed=1)
    assert sorted(row for plan in plans for row in plan.test.rows) == list(range(len(LABELS)))
    for plan in plans:
        assert sorted([*plan.train.rows, *plan.val.rows, *plan.test.rows]) == list(range(len(LABELS)))


def test_folds_are_those_of_scikit_learn_and_every_part_has_every_class_in_proportion():
    plans = plan_folds(labelled(LABELS, 3), 5, seed=3)
    splitter = StratifiedKFold(5, shuffle=True, random_state=3).split(np.zeros(len(LABELS)), LABELS)
    assert [plan.test.rows for plan in plans] == [test.tolist() for _, test in splitter]
    for plan in plans:
        assert [Counter(LABELS[row] for row in plan.test.rows)[label] for label in (0, 1)] == [8, 5]
        assert [Counter(LABELS[row] for row in plan.val.rows)[label] for label in (0, 1, 2)] == [6, 4, 2]


def test_folds_follow_their_seed_and_val_its_fold():
    one, again, other = (plan_folds(labelled(LABELS, 3), 5, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one[0].test != other[0].test
    for number, plan in enumerate(one, 1):
        rest = sorted([*plan.train.rows, *plan.val.rows])
        assert (plan.val.rows, plan.train.rows) == stratified_share(rest, LABELS, 0.2, f"1 fold {number}")


def test_no_group_stands_on_two_sides_of_any_split():
    """Over random groups of all sizes, of one class and of several."""
    dice = Random(0)
    planned = 0
    for seed in range(60):
        labels = [dice.randrange(3) for _ in range(120)]
        units = [dice.randrange(dice.choice((8, 20, 60))) for _ in labels]
        try:
            plans = plan_folds(labelled(labels, 3), 4, seed=seed, units=units, grouped=True)
        except ZooError:
            continue
        planned += 1
        assert sorted(row for plan in plans for row in plan.test.rows) == list(range(120))
        for plan in plans:
            sides = [{units[row] for row in part.rows} for part in (plan.train, plan.val, plan.test)]
            assert sum(map(len, sides)) == len(set().union(*sides))
            assert {labels[row] for row in plan.train.rows} == {0, 1, 2}
    assert planned > 50


@pytest.mark.parametrize(
    ("images", "folds", "given", "cause", "remedy"),
    [
        (
            labelled([0] * 9 + [1] * 4),
            5,
            {},
            "1 classes have fewer than 5 images and cannot be in each of 5 folds: b (4)",
            "give --folds 4, or give each class at least 5 images, or leave it out",
        ),
        (
            labelled([0] * 9 + [1] * 3),
            5,
            {},
            "1 classes have fewer than 5 images and cannot be in each of 5 folds: b (3)",
            "give --folds 3, or give each class at least 5 images, or leave it out",
        ),
        (
            labelled([0] * 9 + [1] * 2),
            5,
            {},
            "1 classes have fewer than 5 images and cannot be in each of 5 folds: b (2)",
            "give each class at least 5 images, or leave it out",
        ),
        (
            labelled([0] * 9 + [1] * 3),
            2,
            {},
            "1 classes have fewer than 4 images and cannot be in each of 2 folds: b (3)",
            "give each class at least 4 images, or leave it out",
        ),
        (
            labelled([0] * 9 + [1] * 9),
            3,
            {"units": [*range(9), *[9] * 9], "grouped": True},
            "1 classes have fewer than 3 groups and cannot be in each of 3 folds: b (1)",
            "give each class at least 3 groups, or leave it out",
        ),
        (
            labelled([0, 1] * 5, test=[0, 1]),
            3,
            {},
            "this dataset has test images of its own, and --folds makes its own parts",
            "leave --folds out, or name the images to be cut: --train-dir FOLDER alone",
        ),
    ],
)
def test_data_that_folds_cannot_be_made_of_say_why_and_what_to_do(images, folds, given, cause, remedy):
    with pytest.raises(ZooError) as raised:
        plan_folds(images, folds, seed=0, **given)
    assert (raised.value.cause, raised.value.remedy) == (cause, remedy)
    assert (raised.value.exit_code == USAGE) == ("--folds" in remedy)  # else it is the data's fault


def test_a_dataset_with_parts_of_its_own_is_no_folds_use():
    with pytest.raises(ZooError, match="this dataset has val and test images of its own") as raised:
        plan_folds(labelled([0, 1] * 5, val=[0, 1], test=[0, 1]), 3, seed=0)
    assert raised.value.exit_code == USAGE


def test_groups_that_take_every_image_of_a_class_from_training_are_refused():
    labels = [0] * 6 + [1] * 6
    units = [0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 4]
    with pytest.raises(ZooError, match=r"1 classes have fewer than 3 groups .*: b \(2\)"):
        plan_folds(labelled(labels), 3, seed=0, units=units, grouped=True)


def test_a_class_of_just_enough_images_is_in_every_fold():
    plans = plan_folds(labelled([0] * 9 + [1] * 3), 3, seed=0)
    assert [sum(row >= 9 for row in plan.test.rows) for plan in plans] == [1, 1, 1]
    assert all(any(row >= 9 for row in part.rows) for plan in plans for part in (plan.train, plan.val))
