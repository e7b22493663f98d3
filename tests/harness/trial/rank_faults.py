"""A plugin whose models do harm in training: all of them, or the second of the processes that train together."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import zoo

STEP = 3


def _net(task, harm, of_all=False):
    import torch.distributed as dist
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.num_steps = nn.Linear(task.channels * task.image_size**2, task.num_classes), 0

        def forward(self, images):
            self.num_steps += self.training
            is_second = dist.is_initialized() and dist.get_rank() == 1
            if self.training and self.num_steps >= STEP and (is_second or of_all):
                harm()
            return self.layer(images.flatten(1))

    return Net()


def _raise():
    raise ValueError("no such image")


def _crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang():
    time.sleep(1000)


def _out_of_memory():
    raise MemoryError("tried to allocate 7 GiB")


def _reach():
    """Say that training is under way, and let it take its time."""
    Path(os.environ["REACHED"]).touch()
    time.sleep(0.05)


HARMS = {"raise": _raise, "crash": _crash, "hang": _hang, "memory": _out_of_memory}


@zoo.hookimpl
def zoo_models():
    for name, harm in HARMS.items():
        yield zoo.ModelSpec(name=f"second/{name}", build=lambda task, harm=harm: _net(task, harm))
    yield zoo.ModelSpec(name="all/raise", build=lambda task: _net(task, _raise, of_all=True))
    yield zoo.ModelSpec(name="all/slow", build=lambda task: _net(task, _reach, of_all=True))
    yield zoo.ModelSpec(name="good/fine", build=lambda task: _net(task, lambda: None))
