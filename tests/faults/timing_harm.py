"""A plugin whose models train well and then, once they are timed, come to a bad end each in its own way."""

from __future__ import annotations

import os

import zoo
from tests.faults.hostile import HARMS, tiny

TIMED_AT = 32  # images: no other pass has as many where training has --batch-size 16


def _when_timed(harm):
    """A model that does harm in its first pass over the clock's batch, which has another size than any before."""

    def build(task):
        model = tiny(task)
        model.register_forward_pre_hook(lambda module, images: harm() if len(images[0]) == TIMED_AT else None)
        return model

    return build


def fail():
    raise RuntimeError("the clock is not for me")


def leave():
    raise SystemExit(3)


def leave_at_once():
    os._exit(0)


def out_of_memory():
    raise MemoryError("tried to allocate 7 GiB")


def mixed_precision_words():
    """A switch of torch 2.9 and later; the older words raise from then on."""
    import torch

    torch.backends.fp32_precision = "tf32"


def tuned(task):
    """A good model whose plugin asks for speed, as many do."""
    import torch

    mixed_precision_words()
    torch.backends.cudnn.benchmark = True
    return tiny(task)


def drifting(task):
    """A good model that asks for it whenever it runs."""
    model = tiny(task)
    model.register_forward_pre_hook(lambda module, images: tuned(task) and None)
    return model


HARMS_OF_THE_CLOCK = {
    "fail": fail,
    "leave": leave,
    "leave-at-once": leave_at_once,
    "out-of-memory": out_of_memory,
    **{name: HARMS[name] for name in ("segfault", "hang", "kill-itself")},
}


@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="good/tiny", build=tiny)
    yield zoo.ModelSpec(name="late/tuned", build=tuned)
    yield zoo.ModelSpec(name="late/drifting", build=drifting)
    for name, harm in HARMS_OF_THE_CLOCK.items():
        yield zoo.ModelSpec(name=f"late/{name}", build=_when_timed(harm))
