"""The words for parts, in the ways in which people write them."""

from __future__ import annotations

import pytest

from harness.data.files.layout.part_names import VAL_OR_TEST, is_wrapper, part_of, parts_of

NAMES = {
    "train": "train TRAIN training_set train_val train2017 trainset TrainImages seg_train trainval Train_old",
    "val": "val valid Validation validation_set dev devset val2017 my-val",
    "test": "test testing test_set Testdata hold-out hold_out_set holdout HeldOut test2 testImages",
    VAL_OR_TEST: "eval evaluation evaluation_set EVAL",
    None: "cat trains protest contest value development-training testament evaluator device latest 2017",
}


@pytest.mark.parametrize(("part", "names"), NAMES.items(), ids=str)
def test_a_name_stands_for_the_part_whose_word_is_in_it(part, names):
    assert {name: part_of(name) for name in names.split()} == dict.fromkeys(names.split(), part)


@pytest.mark.parametrize(
    ("names", "elsewhere", "parts"),
    [
        (("train", "evaluation", "val"), (), {"train": ["train"], "val": ["val"], "test": ["evaluation"]}),
        (("train", "evaluation", "test"), (), {"train": ["train"], "test": ["test"], "val": ["evaluation"]}),
        (("train", "eval"), ("test",), {"train": ["train"], "val": ["eval"]}),
        (("train", "eval"), (), {"train": ["train"], VAL_OR_TEST: ["eval"]}),
        (("eval", "val", "test"), (), {"val": ["val"], "test": ["test"], VAL_OR_TEST: ["eval"]}),
        (("cat", "val", "valid"), (), {"val": ["val", "valid"]}),
    ],
)
def test_a_word_for_either_is_the_one_that_has_no_other(names, elsewhere, parts):
    assert parts_of(names, elsewhere) == parts


@pytest.mark.parametrize(
    ("name", "around", "wraps"),
    [
        ("seg_train", "seg_train", True),
        ("images", "pets", True),
        ("Dataset", "archive", True),
        ("cat", "pets", False),
        ("pets", "Pets", True),
        ("pets2", "pets", True),
        ("", "", True),
    ],
)
def test_a_wrapper_is_called_like_what_is_around_it_or_like_no_class(name, around, wraps):
    assert is_wrapper(name, around) is wraps
