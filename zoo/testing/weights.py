"""Where a model's weights come from, and whether they can be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.checkpoints.versions import load_versioned, take_form_of, versions_of
from zoo.errors import ZooError
from zoo.testing.declaration import is_same_elsewhere
from zoo.testing.elsewhere import OTHER_SEED
from zoo.testing.subject import digest

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.testing.subject import Subject


def seed_decides(subject: Subject) -> None:
    """The same seed gives the same weights.

    Where another process builds the same, that shows it; a third build tells which of two does not heed the seed.
    """
    if is_same_elsewhere(subject):
        return
    if digest(subject.build(OTHER_SEED).model) != subject.second.digest:
        cause = "two builds from the same seed have different weights"
        raise ZooError(cause, "draw weights with torch's own generator only")


def seeds_differ(subject: Subject) -> None:
    """Another seed gives other weights."""
    if subject.second.digest == subject.digest:
        cause = "two seeds give the same weights, so that several seeds are one result"
        raise ZooError(cause, "call no torch.manual_seed and make no seeded generator in the build function")


def state_dict(subject: Subject) -> None:
    """A second model with the same state_dict gives the same outputs."""
    copy = subject.second.model
    copy.load_state_dict(subject.built.model.state_dict())
    _require_same(subject, copy, "a second model with the same state_dict gives other outputs")


def checkpoint(subject: Subject) -> None:
    """What is written to a file of tensors rebuilds the model."""
    from safetensors.torch import load, save

    saved: dict[str, Tensor] = {}
    for name, tensor in subject.built.model.state_dict().items():  # one by one: all at once are there three times
        saved |= load(save({name: tensor.detach().contiguous()}))
    copy = subject.second.model
    for tensor in copy.state_dict().values():  # which are the model's by now
        tensor.zero_()
    versions = versions_of(subject.built.model)
    take_form_of(copy, versions)
    load_versioned(copy, saved, versions)
    _require_same(subject, copy, "a model that is rebuilt from a checkpoint gives other outputs")
    del subject.second.model  # its memory is wanted


def _require_same(subject: Subject, copy: nn.Module, cause: str) -> None:
    import torch

    if not torch.equal(subject.plain, subject.evaluated(subject.images(), copy)):
        raise ZooError(cause, "keep all that the outputs depend on as parameters or buffers")
