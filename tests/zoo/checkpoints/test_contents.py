"""Which of a file's entries are the weights, and what is said of the choice."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from zoo.checkpoints.contents import checkpoint_of
from zoo.errors import ZooError

PATH = Path("net.pt")
PLAIN, AVERAGED = {"0.weight": torch.zeros(2)}, {"0.weight": torch.ones(2)}
OPTIMIZER = {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}
FILES = {
    "plain": (PLAIN, 0, ()),
    "torchvision": ({"model": PLAIN, "optimizer": OPTIMIZER, "epoch": 3}, 0, ("model taken",)),
    "torchvision, averaged": (
        {"model": PLAIN, "model_ema": {**AVERAGED, "n_averaged": torch.tensor(3)}},
        1,
        ("model_ema (averaged weights) taken, not model",),
    ),
    "timm": (
        {"epoch": 3, "arch": "resnet18", "state_dict": PLAIN, "state_dict_ema": AVERAGED, "optimizer": OPTIMIZER},
        1,
        ("saved as resnet18", "state_dict_ema (averaged weights) taken, not state_dict"),
    ),
    "timm, no average": ({"state_dict": PLAIN, "state_dict_ema": None}, 0, ("state_dict taken",)),
    "within another": ({"model": {"state_dict": PLAIN, "step": 3}}, 0, ("model taken", "state_dict taken")),
    "any other word": ({"net_g": PLAIN, "acc": 93.1}, 0, ("net_g taken",)),
    "another average": ({"params": PLAIN, "params_ema": AVERAGED}, 1, None),
    "a loss that has weights": ({"criterion": AVERAGED, "network": PLAIN}, 0, ("network taken, not criterion",)),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_weights_are_found_and_every_choice_is_said(kind):
    content, value, notes = FILES[kind]
    checkpoint = checkpoint_of(content, {}, PATH)
    assert checkpoint.tensors["0.weight"].tolist() == [value, value]
    assert notes in (None, checkpoint.notes)


@pytest.mark.parametrize(
    "content", [None, [], {}, {"a": 1}, {"model": 3}, {"optimizer": OPTIMIZER}, {1: torch.ones(1)}]
)
def test_where_no_tensors_have_names_the_remedy_is_to_save_them(content):
    with pytest.raises(ZooError, match=r"net\.pt holds no plain tensors by name"):
        checkpoint_of(content, {}, PATH)


def test_of_several_sets_that_are_equally_likely_none_is_guessed():
    with pytest.raises(ZooError, match=r"net\.pt holds 2 sets of tensors: teacher, student"):
        checkpoint_of({"teacher": PLAIN, "student": AVERAGED}, {}, PATH)


def test_the_versions_of_modules_are_kept_and_nonsense_is_not():
    state = OrderedDict(PLAIN)
    state._metadata = OrderedDict({"": {"version": 1}, "0": {"version": 2, "more": 3}, "1": {}, "2": 3, "4": "x"})
    assert checkpoint_of({"model": state}, {}, PATH).versions == {"": 1, "0": 2, "2": 3}
    assert checkpoint_of(PLAIN, {"versions": '{"": 1}'}, PATH).versions == {"": 1}
    for nonsense in ("[1]", "{", "[" * 100_000, '{"a": true, "b": "c"}'):
        assert checkpoint_of(PLAIN, {"versions": nonsense}, PATH).versions == {}


def test_a_line_about_a_stranger_s_names_is_short_and_printable():
    names = {f"{'x' * 200}\x1b[31m{number}": PLAIN for number in range(5)}
    with pytest.raises(ZooError) as caught:
        checkpoint_of(names, {}, PATH)
    assert caught.value.cause.isprintable()
    assert len(caught.value.cause) < 300
