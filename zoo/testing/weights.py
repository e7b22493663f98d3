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
    copy = subject.second.model
    copied = copy.state_dict().values()  # which are the model's by now
    places = {tensor.data_ptr() for tensor in copied}
    state = subject.built.model.state_dict()
    saved = {name: _through_a_file(tensor, is_shared=tensor.data_ptr() in places) for name, tensor in state.items()}
    for tensor in copied:
        tensor.zero_()
    versions = versions_of(subject.built.model)
    take_form_of(copy, versions)
    load_versioned(copy, saved, versions)
    _require_same(subject, copy, "a model that is rebuilt from a checkpoint gives other outputs")
    del subject.second.model  # its memory is wanted


def _through_a_file(tensor: Tensor, *, is_shared: bool) -> Tensor:
    """What a file gives back of a tensor; itself where that is the same, for then it takes no memory of its own.

    What two models share, a constant of their library, has to be kept apart from both.
    """
    import torch
    from safetensors.torch import load, save

    read = load(save({"tensor": tensor.detach().contiguous()}))["tensor"]
    is_same = read.dtype == tensor.dtype and torch.equal(read, tensor)
    return tensor if is_same and not is_shared else read


def _require_same(subject: Subject, copy: nn.Module, cause: str) -> None:
    import torch

    if not torch.equal(subject.plain, subject.evaluated(subject.images(), copy)):
        raise ZooError(cause, "keep all that the outputs depend on as parameters or buffers")
