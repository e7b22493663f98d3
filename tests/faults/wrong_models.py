"""A plugin of models that build and run, but are wrong in what they are, return or learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import zoo


@dataclass
class Answer:
    """What some libraries return."""

    logits: Any


def make(task, change=None, *, only=None, after=0):
    """A small network whose output `change` spoils: in the mode `only`, where given, and `after` so many passes."""
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, 16), nn.ReLU())
            self.verdict = nn.Linear(16, task.num_classes)
            self.passes = 0

        def forward(self, images):
            logits = self.verdict(self.body(images))
            self.passes += only in (None, "train" if self.training else "eval")
            spoilt = change and only in (None, "train" if self.training else "eval") and self.passes > after
            return change(logits) if spoilt else logits

    return Net()


def wider(logits):
    import torch

    return torch.cat([logits, logits[:, :1]], dim=1)


def spoil_one(logits):
    """NaN for the fifth image of a large batch."""
    import torch

    return torch.where(torch.arange(len(logits))[:, None] == 4, torch.nan, logits)


def to_nan(logits):
    return logits * float("nan")


def raw_matrix(task):
    """Its classifier is a bare parameter, which no search can find."""
    import torch
    from torch import nn

    class Matrix(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, 16))
            self.matrix = nn.Parameter(torch.rand(16, task.num_classes))

        def forward(self, images):
            return self.body(images) @ self.matrix

    return Matrix()


def misfit(task):
    """A head for 32 features on a body that gives 16."""
    from torch import nn

    net = make(task)
    net.verdict = nn.Linear(32, task.num_classes)
    return net


def unseeded(task):
    """Its weights come from where no seed reaches."""
    import os

    import torch

    net = make(task)
    with torch.no_grad():
        net.verdict.bias += int.from_bytes(os.urandom(2), "big") / 2**16
    return net


def frozen(task):
    return make(task).requires_grad_(False)


def frozen_by_train(task):
    """Freezes itself whenever it is put in train mode."""
    net = make(task)
    inherited = net.train

    def train(mode=True):
        return inherited(mode).requires_grad_(not mode)

    net.train = train
    return net


def empty(task):
    from torch import nn

    return nn.Sequential(nn.AdaptiveAvgPool2d((1, task.num_classes)), nn.Flatten())


CHANGES = {
    "wider": {"change": wider},
    "four-d": {"change": lambda logits: logits[:, :, None, None]},
    "one-row": {"change": lambda logits: logits[0]},
    "tuple": {"change": lambda logits: (logits, logits)},
    "dict": {"change": lambda logits: {"logits": logits}},
    "dataclass": {"change": Answer},
    "wider-in-training": {"change": wider, "only": "train"},
    "tuple-in-training": {"change": lambda logits: (logits, logits), "only": "train"},
    "dict-in-training": {"change": lambda logits: {"logits": logits}, "only": "train"},
    "softmax": {"change": lambda logits: logits.softmax(1)},
    "softmax-in-training": {"change": lambda logits: logits.softmax(1), "only": "train"},
    "softmax-later-in-eval": {"change": lambda logits: logits.softmax(1), "only": "eval", "after": 3},
    "nan": {"change": to_nan},
    "nan-from-step-3": {"change": to_nan, "only": "train", "after": 2},
    "nan-from-epoch-2": {"change": to_nan, "only": "train", "after": 40},
    "nan-in-eval": {"change": to_nan, "only": "eval", "after": 1},
    "nan-for-one-image": {"change": spoil_one, "only": "eval", "after": 3},
}


@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="good/net", build=make)
    yield zoo.ModelSpec(name="good/log-softmax", build=partial(make, change=lambda logits: logits.log_softmax(1)))
    for name, fault in CHANGES.items():
        yield zoo.ModelSpec(name=f"bad/{name}", build=partial(make, **fault))
    yield zoo.ModelSpec(name="bad/returns-none", build=lambda task: None)
    yield zoo.ModelSpec(name="bad/returns-text", build=lambda task: "resnet18")
    yield zoo.ModelSpec(name="bad/returns-class", build=lambda task: Answer)
    yield zoo.ModelSpec(name="unseeded", build=unseeded)
    yield zoo.ModelSpec(name="bad/no-head", build=raw_matrix)
    yield zoo.ModelSpec(name="bad/misfit", build=misfit)
    yield zoo.ModelSpec(name="bad/wrong-hint", build=make, head="fc")
    for builder in (frozen, frozen_by_train, empty):
        yield zoo.ModelSpec(name=f"bad/{builder.__name__.replace('_', '-')}", build=builder)
