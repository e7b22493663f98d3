"""A dataset with parts of its own (137): what is cut beside them has every class."""

from __future__ import annotations

import pytest

from harness.data.splits import plan_splits
from zoo import LabelledImages, Split

PAIRS = [0, 0, 1, 1, 2, 2, 2]


def with_own(**parts):
    own = {name: Split(images=list(range(3)), labels=[0, 1, 2]) for name, given in parts.items() if given}
    return LabelledImages(classes=("a", "b", "c"), train=Split(images=list(range(7)), labels=PAIRS), **own)


@pytest.mark.fault(132)
@pytest.mark.parametrize(("given", "cut"), [("val", "test"), ("test", "val")])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_132_a_class_of_two_images_is_in_both_parts_that_are_cut(given, cut, share):
    plan = plan_splits(with_own(**{given: True}), val_split=share, test_split=share)
    for part in (plan.train, getattr(plan, cut)):
        assert {PAIRS[row] for row in part.rows} == {0, 1, 2}
    assert sorted([*plan.train.rows, *getattr(plan, cut).rows]) == list(range(7))


@pytest.mark.fault(132)
@pytest.mark.parametrize("share", [0.8, 0.99])
def test_132_no_image_is_kept_for_a_part_that_is_not_cut(share):
    """Three images: two may be tested on, where one more was reserved for a validation part that the owner has."""
    plan = plan_splits(with_own(val=True), test_split=share)
    assert sum(PAIRS[row] == 2 for row in plan.test.rows) == 2
