"""Files of weights as other tools write them, and a small model to load them into."""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import torch

import zoo
from tests.zoo.heads.networks import Plain
from zoo.building import build
from zoo.weights import Weights

TASK = zoo.Task(num_classes=4, image_size=16, channels=3)
OPTIONS = argparse.Namespace(lr=0.1, output=pathlib.Path("out"), best=np.float64(3.5))


def loaded(tmp_path, content, make=lambda task: Plain(task.num_classes), task=TASK, head="linear", **fields):
    torch.save(content, tmp_path / "net.pth")
    spec = zoo.ModelSpec(name="mine/net", build=make, **fields)
    return build(spec, task, head=head, weights=Weights(path=f"{tmp_path}/net.pth"))


def prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


def without(state, *starts):
    return {name: tensor for name, tensor in state.items() if not name.startswith(starts)}
