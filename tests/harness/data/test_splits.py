from collections import Counter

import pytest

from harness.data.splits import check_images, plan_splits, stratified_share
from zoo import LabelledImages, Split, ZooError


def labelled(labels, num_classes=2, val=None, test=None):
    def split(values):
        return None if values is None else Split(images=list(range(len(values))), labels=values)

    classes = tuple("abcdefgh"[:num_classes])
    return LabelledImages(classes=classes, train=split(labels), val=split(val), test=split(test))


def test_parts_are_disjoint_and_together_all():
    plan = plan_splits(labelled([0, 1] * 50))
    rows = [*plan.train.rows, *plan.val.rows, *plan.test.rows]
    assert sorted(rows) == list(range(100))
    assert {plan.train.pool, plan.val.pool, plan.test.pool} == {"train"}
    assert (len(plan.train.rows), len(plan.val.rows), len(plan.test.rows)) == (64, 16, 20)


def test_every_part_has_each_class_in_proportion():
    labels = [0] * 100 + [1] * 50 + [2] * 3
    plan = plan_splits(labelled(labels, 3))
    counts = [Counter(labels[row] for row in part.rows) for part in (plan.train, plan.val, plan.test)]
    assert counts == [{0: 64, 1: 32, 2: 1}, {0: 16, 1: 8, 2: 1}, {0: 20, 1: 10, 2: 1}]


def test_the_split_follows_its_seed_and_nothing_else():
    images = labelled([0, 1] * 50)
    assert plan_splits(images, seed=3) == plan_splits(images, seed=3)
    assert plan_splits(images, seed=3) != plan_splits(images, seed=4)


def test_the_parts_are_the_same_on_every_machine():
    assert plan_splits(labelled([0, 1] * 5)).test.rows == [0, 9]


def test_test_images_do_not_depend_on_the_share_for_validation():
    images = labelled([0, 1] * 50)
    assert plan_splits(images, val_split=0.1).test == plan_splits(images, val_split=0.4).test


def test_a_share_has_each_class_in_proportion_and_leaves_one_row_of_each():
    labels = [0] * 40 + [1] * 20 + [2] * 2
    taken, rest = stratified_share(range(62), labels, 0.25, "x")
    assert Counter(labels[row] for row in taken) == {0: 10, 1: 5, 2: 1}
    assert sorted(taken + rest) == list(range(62))
    assert (taken, rest) == (sorted(taken), sorted(rest))


def test_a_share_follows_its_name_on_every_machine():
    labels = [0, 1] * 20
    assert stratified_share(range(40), labels, 0.1, "a")[0] == [20, 23, 32, 37]
    assert stratified_share(range(40), labels, 0.1, "b")[0] != [20, 23, 32, 37]


def test_own_test_and_val_splits_are_kept():
    plan = plan_splits(labelled([0, 1] * 5, val=[0, 1, 1], test=[1, 0]))
    assert (plan.train.rows, plan.val.pool, plan.test.pool) == (list(range(10)), "val", "test")
    assert (list(plan.val.rows), list(plan.test.rows)) == ([0, 1, 2], [0, 1])


@pytest.mark.parametrize("share", [0.9, 0.99])
def test_a_large_share_still_leaves_an_image_for_each_part(share):
    plan = plan_splits(labelled([0, 1] * 3), test_split=share, val_split=share)
    assert (len(plan.train.rows), len(plan.val.rows), len(plan.test.rows)) == (2, 2, 2)


def test_a_class_too_small_to_split_is_named():
    with pytest.raises(ZooError, match=r"1 classes have fewer than 3 images .*: b \(2\)"):
        plan_splits(labelled([0] * 9 + [1] * 2))


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_shares_outside_0_to_1_are_usage_errors(share):
    with pytest.raises(ZooError, match="--val-split") as raised:
        plan_splits(labelled([0, 1] * 9), val_split=share)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (labelled([0, 2]), "labels 0..2"),
        (labelled([0, -1]), "labels -1..0"),
        (labelled([0, 1], test=[5]), "the test part has labels 5..5"),
        (labelled([]), "the train part of the dataset is empty"),
    ],
)
def test_wrong_labels_are_refused_before_training(images, message):
    with pytest.raises(ZooError, match=message):
        check_images(images)


@pytest.mark.parametrize(
    ("images", "cause", "remedy"),
    [
        (labelled([0, 1], val=[]), "the val part of the dataset is empty", "give it images, or leave it out"),
        (
            labelled([0, 2]),
            "the train part has labels 0..2, but 2 classes allow 0..1",
            "fix the labels or the list of classes of this dataset",
        ),
        (
            LabelledImages(classes=("a", "b"), train=Split(images=[0], labels=[0, 1])),
            "the train part has 1 images but 2 labels",
            "give one label for each image",
        ),
    ],
)
def test_a_part_that_cannot_be_used_says_why_and_what_to_do(images, cause, remedy):
    with pytest.raises(ZooError) as raised:
        check_images(images)
    assert (raised.value.cause, raised.value.remedy) == (cause, remedy)


def test_classes_too_small_for_all_parts_are_told_how_many_images_they_need():
    with pytest.raises(ZooError) as raised:
        plan_splits(labelled([0] * 9 + [1] * 2))
    assert raised.value.cause == "1 classes have fewer than 3 images and cannot be split: b (2)"
    assert raised.value.remedy == "give each class at least 3 images, or leave it out"


@pytest.mark.parametrize("flag", ["val_split", "test_split"])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_nothing_or_of_all_is_a_usage_error(flag, share):
    with pytest.raises(ZooError) as raised:
        plan_splits(labelled([0, 1] * 9), **{flag: share})
    cause = f"--{flag.replace('_', '-')} {share} is not between 0 and 1"
    assert (raised.value.cause, raised.value.remedy) == (cause, "give a share such as 0.2")
