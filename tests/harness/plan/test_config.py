"""What identifies a trial: its JSON and its key, which runs of earlier versions have on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.plan.config import Numerics, TimingConfig, TrainConfig, Trial, grouped
from zoo.weights import Weights

# As run.json and records have it on disk: with one byte changed, no earlier run could be taken up again.
USUAL = (
    '{"model": "mlp", "dataset": "digits", "train": {"epochs": 15, "batch_size": 32, "opt": "adamw", "lr": 0.001, '
    '"weight_decay": 0.01, "momentum": 0.9, "sched": "cosine", "patience": 4, "aug": "none", "head": "linear", '
    '"finetune": "full", "weights": null, "img_size": null, "val_split": 0.2, "test_split": 0.2, "amp": false, '
    '"amp_dtype": "bfloat16", "channels_last": "auto", "torchcompile": false, "grad_accum": 1, "num_threads": null, '
    '"exact": false, "feature_views": 0}, "timing": {"batch_size": 32, "budget_s": 1.0, "rounds": 3, "tolerance": '
    '0.02, "min_samples": 5, "max_samples": 2000, "precision": "float32", "amp": false, "amp_dtype": "bfloat16", '
    '"channels_last": false, "torchcompile": false, "num_threads": null, "train": true, "detail": false}, '
    '"device": "cpu", "seed": 1}'
)
MIXED = (
    '{"model": "timm/vit@x", "dataset": "digits", "train": {"epochs": 15, "batch_size": 32, "opt": "adamw", "lr": '
    '0.001, "weight_decay": 0.01, "momentum": 0.9, "sched": "cosine", "patience": 4, "aug": "none", "head": "linear", '
    '"finetune": "full", "weights": "default", "img_size": null, "val_split": 0.2, "test_split": 0.2, "amp": true, '
    '"amp_dtype": "float16", "channels_last": "on", "torchcompile": false, "grad_accum": 2, "num_threads": 2, '
    '"exact": false, "feature_views": 0}, "timing": {"batch_size": 32, "budget_s": 0.5, "rounds": 3, "tolerance": '
    '0.02, "min_samples": 5, "max_samples": 2000, "precision": "float32", "amp": true, "amp_dtype": "float16", '
    '"channels_last": true, "torchcompile": false, "num_threads": 2, "train": true, "detail": false}, '
    '"device": "cpu", "seed": 3}'
)


@pytest.mark.parametrize(("text", "key"), [(USUAL, "eecf89b1d8942d66"), (MIXED, "31b5ad4289fd4c37")])
def test_a_trial_of_an_earlier_run_keeps_its_json_and_its_key(text, key):
    trial = Trial.from_json(json.loads(text))
    assert (json.dumps(trial.as_json()), trial.key) == (text, key)


def test_the_defaults_are_those_of_every_earlier_run():
    trial = Trial(model="mlp", dataset="digits", train=TrainConfig(), timing=TimingConfig(), device="cpu", seed=1)
    assert json.dumps(trial.as_json()) == USUAL


def test_a_setting_that_this_version_does_not_know_is_refused():
    data = json.loads(USUAL)
    data["train"]["warmup"] = 3
    with pytest.raises(TypeError, match="warmup"):
        Trial.from_json(data)


MIXED_ON_CUDA = Numerics(amp=True, num_threads=2)


def on_cuda(timed: Numerics) -> Trial:
    train, timing = TrainConfig(numerics=MIXED_ON_CUDA), TimingConfig(numerics=timed)
    return Trial(model="mlp", dataset="digits", train=train, timing=timing, device="cuda", seed=1)


def test_the_json_says_the_layout_that_is_timed_on_the_trials_device():
    data = on_cuda(MIXED_ON_CUDA).as_json()
    assert (data["train"]["channels_last"], data["timing"]["channels_last"]) == ("auto", True)


@pytest.mark.parametrize("text", [USUAL, MIXED, json.dumps(on_cuda(MIXED_ON_CUDA).as_json())])
def test_training_and_timing_of_a_trial_that_was_read_share_their_numerics(text):
    trial = Trial.from_json(json.loads(text))
    assert trial.timing.numerics is trial.train.numerics


def test_a_run_that_timed_another_layout_than_it_trained_in_goes_on_as_it_began():
    earlier = on_cuda(Numerics(amp=True, channels_last="off", num_threads=2))
    again = Trial.from_json(earlier.as_json())
    assert (again, again.key) == (earlier, earlier.key)


@pytest.mark.parametrize(("switch", "says"), [(True, "on"), (False, "off"), ("auto", "auto")])
def test_a_switch_for_the_layout_is_on_or_off_and_never_auto(switch, says):
    settings = grouped({"channels_last": switch, "amp": True, "epochs": 3})
    assert settings == {"epochs": 3, "numerics": Numerics(amp=True, channels_last=says)}


# As the first version wrote them: records are found again by their keys.
KEYS = {
    None: "659cf4d6291f91ed",
    "default": "fe0a65c74d23efa6",
    "IMAGENET1K_V1": "740d99e6133bb67d",
    "file:./a//b.pt#sha256=ABCDEF12": "b90d8ff9f94dca49",
    "file:~/x.bin": "8efee765f5eadcbd",
}


def with_weights(text):
    train = TrainConfig(weights=text and Weights.from_text(text))
    return Trial(model="net", dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=3)


@pytest.mark.parametrize(("text", "key"), KEYS.items())
def test_a_trial_has_one_key_for_ever_and_its_weights_are_one_text(text, key):
    trial = with_weights(text)
    assert trial.key == key
    assert trial.as_json()["train"]["weights"] == text


@pytest.mark.parametrize("text", KEYS)
def test_a_trial_is_the_same_after_its_way_through_json(text):
    trial = with_weights(text)
    assert Trial.from_json(json.loads(json.dumps(trial.as_json()))) == trial


def test_a_fold_is_a_trial_of_its_own_and_without_folds_nothing_is_said_of_them():
    whole = Trial(model="m", dataset="d", train=TrainConfig(), timing=TimingConfig(), device="cpu", seed=1)
    folds = [replace(whole, fold=fold, folds=count) for fold, count in ((1, 5), (2, 5), (1, 4))]
    assert len({trial.key for trial in (whole, *folds)}) == 4
    assert {"fold", "folds"} & whole.as_json().keys() == set()
    assert [Trial.from_json(json.loads(json.dumps(trial.as_json()))) for trial in folds] == folds
    assert [trial.is_timed for trial in (whole, *folds)] == [True, True, False, True]
