"""What may be a name, and which one was meant."""

from __future__ import annotations

import pytest

from zoo.names import did_you_mean, is_valid, unknown

KNOWN = ("resnet18", "resnet34", "resnet50", "vgg11")


@pytest.mark.parametrize(
    ("wrong", "limit", "guess"),
    [
        ("vgg12", 1, ". Did you mean vgg11?"),
        ("vgg1", 3, ". Did you mean vgg11?"),
        ("resnet", 2, ". Did you mean resnet50 or resnet34?"),
        ("resnet", 3, ". Did you mean resnet50, resnet34 or resnet18?"),
        ("alexnet_large", 3, ""),
        ("", 3, ""),
    ],
)
def test_what_was_meant_is_asked_in_one_wording(wrong, limit, guess):
    assert did_you_mean(wrong, KNOWN, limit=limit) == guess


def test_where_nothing_is_alike_the_number_of_names_is_told():
    error = unknown("plugin", "zzz*", KNOWN)
    assert (error.cause, error.remedy) == (
        "unknown plugin 'zzz*'. There are 4 plugins.",
        "list them: harness list 'zzz*'",
    )


@pytest.mark.parametrize(
    ("name", "valid"), [("mine/a.b", True), ("../a", False), ("a..b", False), ("-a", False), (3, False)]
)
def test_a_name_is_never_a_path_or_a_flag(name, valid):
    assert is_valid(name) is valid
