"""Building a model without memory for its parameters, to look at models larger than the machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def without_memory() -> Iterator[None]:
    """Uninitialised tensors (which layers make for their parameters) appear on the meta device.

    Everything else stays real, unlike under `torch.device("meta")`, where torchvision's regnets cannot read the
    widths that they compute with tensors. Move the model to "meta" afterwards.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class _Parameters(TorchFunctionMode):
        def __torch_function__(
            self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            meta = {"device": "meta"} if func is torch.empty else {}
            return func(*args, **(kwargs or {}) | meta)

    with _Parameters():
        yield
