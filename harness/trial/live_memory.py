"""What a pass through a model holds in memory, seen without computing: on tensors that have a shape and no numbers."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from harness.training.numerics import resolve_numerics

if TYPE_CHECKING:
    from torch import nn

    from harness.plan.config import Numerics

CPU = torch.device("cpu")


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its base untyped
    """Within, counts the bytes of all storage that operations make, until nobody holds it; `peak` is the most."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now: int = 0
        self.peak: int = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, Tensor):
                self._add(one.untyped_storage())
        return made

    def _add(self, storage: torch.UntypedStorage) -> None:
        place = storage._cdata
        if place not in self._sizes:  # else a view, or changed in place
            self._sizes[place] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._drop, place)

    def _drop(self, place: int) -> None:
        self.now -= self._sizes.pop(place)


def forward_bytes(
    model: nn.Module, images_shape: tuple[int, int, int, int], numerics: Numerics, *, training: bool
) -> int:
    """The most bytes that images and activations take in a forward pass; parameters, wherever they are, not counted.

    In training all is held that the backward pass wants. That pass gives back as it goes: the peaks of six
    architectures with it were at most 8 % above. Attention is a CPU's, which like an accelerator's keeps no matrix of
    weights. Raises whatever the model raises where its forward pass reads numbers.
    """
    with FakeTensorMode(allow_non_fake_inputs=True):
        held = {name: _like(one).requires_grad_(one.requires_grad) for name, one in model.named_parameters()}
        held |= {name: _like(one) for name, one in model.named_buffers()}
        precision = resolve_numerics(numerics, CPU)
        with LiveBytes() as live, torch.set_grad_enabled(training), precision.autocast():
            images = torch.empty(images_shape).to(memory_format=precision.memory_format)
            output = functional_call(model, held, (images,))
        del output
    peak: int = live.peak
    return peak


def _like(tensor: Tensor) -> Tensor:
    return torch.empty(tensor.shape, dtype=tensor.dtype)
