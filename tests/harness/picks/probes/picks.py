"""Probes as a pick has them made, for tests: planned trials, images and a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from harness.data.load import DatasetSource, load
from harness.picks.probes.image_sets import choose_images
from harness.picks.probes.probe_models import probe_models
from harness.picks.probes.probing import Probing
from harness.plan.config import TimingConfig, TrainConfig
from harness.plan.trials import plan
from zoo.discovery import discover

PLUGIN = str(Path(__file__).with_name("planted.py"))


def planned(zoo, names, dataset="planted", **changes):
    train = TrainConfig(finetune="head", **changes)
    choices = [choice for name in names for choice in zoo.select(name)]
    return plan(choices, [0], dataset=dataset, train=train, timing=TimingConfig(), device="cpu")


def probing(folder, zoo=None, dataset="planted", sizes=(30, 60), data_dir=None, **changes):
    zoo = zoo or discover([PLUGIN])
    source = DatasetSource(data_dir=data_dir) if data_dir else DatasetSource(spec=zoo.dataset(dataset))
    images = choose_images(load(source), *sizes)
    return Probing(folder=folder, zoo=zoo, images=images, device=torch.device("cpu"), plugins=(PLUGIN,), **changes)


def probed(names, folder, stage=1, asked=None, img_size=None, **changes):
    """The results of these models, and what was asked, which has the images' labels."""
    asked = asked or probing(folder, **changes)
    return probe_models(planned(asked.zoo, names, img_size=img_size), stage, asked), asked


def same_answers(one, other):
    """Whether two results are equal to the bit, but for what a clock says, and for how features were computed: those of
    its next model may be kept already where a process is stopped, and who finds them cannot say it."""
    words = [{**result.words, "seconds": list(result.seconds)} for result in (one, other)]
    words = [{**word, "facts": {**word["facts"], "frozen_pass": ""}} for word in words]
    arrays = [(one.predictions_N, other.predictions_N), (one.scores_NK, other.scores_NK)]
    equal = [a is b if a is None or b is None else a.tobytes() == b.tobytes() for a, b in arrays]
    return words[0] == words[1] and all(equal)


if __name__ == "__main__":
    probed(sys.argv[2:], Path(sys.argv[1]))
    probed(sys.argv[2:], Path(sys.argv[1]), stage=2)
