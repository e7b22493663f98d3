"""An accelerator that computes nothing: the phases of a trial run on tensors that have a device and no numbers.

Torch's fake tensors refuse operations on tensors of two devices. What they do not know is added: that CUDA must be
started before it is asked for statistics of a numbered device, that MPS has no float64, and that only memory of the
CPU can be pinned or become an array.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils import swap_tensors
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

WITH_WHOLE_FAKES = pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) < (2, 15),
    reason="fake tensors of torch before 2.15 do not get through a whole trial",
)
KINDS = ("cuda", "cuda:1", "mps")
FREE_BYTES = 8 * 2**30
# Torch has no CUDA or MPS here, and asks for a device's guard before each operation: they get that of the meta device,
# which does nothing. Numbers of c10/core/DeviceType.h.
GUARDS = "_ZN3c104impl26device_guard_impl_registryE"
CUDA, MPS, META = 1, 13, 14
COMPOSITE = "CompositeImplicitAutograd"
DOUBLE = {torch.float64, torch.complex128}
aten = torch.ops.aten


class _Operations(TorchDispatchMode):
    """Answers what the host reads of a tensor without numbers: `number`, 0 of whole ones, or True."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (aten._local_scalar_dense.default, aten.item.default):
            return True if args[0].dtype is torch.bool else self.number if args[0].is_floating_point() else 0
        if func in (aten.equal.default, aten.allclose.default):
            return True
        if func is aten.nonzero.default:
            return args[0].new_empty((0, args[0].ndim), dtype=torch.int64)
        if func is aten._pin_memory.default:
            if args[0].device.type != "cpu":
                raise RuntimeError(f"cannot pin a tensor of {args[0].device}: only dense CPU tensors can be pinned")
            return torch.empty_like(args[0])
        if func.namespace == "aten" and torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), COMPOSITE):
            with self:  # in inference mode operations come here before they are taken to pieces
                return func.decompose(*args, **(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and tensor.device.type == "mps" and tensor.dtype in DOUBLE:
                raise TypeError(f"{func}: MPS has no {tensor.dtype}")
        return result


class _Functions(TorchFunctionMode):
    """Devices without a number are the first of their kind; arrays are of zeros; gradients are made without numbers."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.backward:
            return _backward(args[0])
        if func is Tensor.__deepcopy__:  # which would copy a memory that is not there
            return args[1].setdefault(id(args[0]), args[0].detach().clone())
        if func in (Tensor.numpy, Tensor.tolist):
            if args[0].requires_grad or (func is Tensor.numpy and args[0].device.type != "cpu"):
                raise TypeError(f"no array can be made of a tensor of {args[0].device} without detach and cpu")
            array = np.zeros(args[0].shape, dtype=str(args[0].dtype).removeprefix("torch."))
            return array if func is Tensor.numpy else array.tolist()
        args, kwargs = tree_map_only(torch.device, _numbered, (args, kwargs or {}))
        return func(*args, **kwargs)


def _numbered(device: torch.device) -> torch.device:
    return torch.device(device.type, 0) if device.type in {"cuda", "mps"} and device.index is None else device


def _backward(loss: Tensor) -> None:
    """Give a gradient to each leaf that `loss` depends on: the engine itself would want streams."""
    nodes, seen = [loss.grad_fn], set()
    assert loss.grad_fn is not None
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            node.variable.grad = torch.empty_like(node.variable)
        nodes += [following for following, _ in node.next_functions]


class _Event:
    def __init__(self, **options: Any) -> None: ...

    def record(self, stream: Any) -> None: ...

    def elapsed_time(self, end: Any) -> float:
        return 1.0


@contextmanager
def _guards_of_meta() -> Iterator[None]:
    library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libc10.so"))
    registry = (ctypes.c_void_p * (META + 1)).in_dll(library, GUARDS)
    before = registry[CUDA], registry[MPS]
    registry[CUDA] = registry[MPS] = registry[META]
    try:
        yield
    finally:
        registry[CUDA], registry[MPS] = before


def _fake_cuda(patch: pytest.MonkeyPatch) -> None:
    """Torch's own Python functions, over a driver that knows two devices and fails before it is started."""
    state = SimpleNamespace(started=False, current=0)

    def start() -> None:
        state.started = True

    def ask(answer: Any) -> Any:
        def asked(device: int = 0, *rest: Any) -> Any:
            if not state.started or device not in (0, 1):
                raise RuntimeError(f"Invalid device argument {device}: did you call init?")
            return answer

        return asked

    statistics = {name: {"all": {"current": 0, "peak": 2**20}} for name in ("allocated_bytes", "reserved_bytes")}
    patch.setattr(torch.cuda, "_lazy_init", start)
    patch.setattr(torch.cuda, "is_initialized", lambda: state.started)
    patch.setattr(torch.cuda.memory, "is_initialized", lambda: state.started)
    patch.setattr(torch.cuda, "is_available", lambda: True)
    patch.setattr(torch.cuda, "is_bf16_supported", lambda *args: True)
    patch.setattr(torch.cuda, "manual_seed_all", lambda seed: None)
    patch.setattr(torch.cuda, "Event", _Event)
    patch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid=None))
    patch.setattr(torch.cuda, "get_rng_state", lambda device: torch.empty(16, dtype=torch.uint8))
    patch.setattr(torch.cuda, "set_rng_state", lambda content, device: None)
    for name, answer in {
        "_cuda_resetPeakMemoryStats": None,
        "_cuda_memoryStats": statistics,
        "_cuda_getCurrentStream": (0, 0, 0),
    }.items():
        patch.setattr(torch._C, name, ask(answer), raising=False)
    for name in ("synchronize", "current_stream"):
        answer = ask(None)
        patch.setattr(torch.cuda, name, lambda device=None, a=answer: a(torch.device(device).index or 0))
    free = ask((FREE_BYTES, FREE_BYTES))
    patch.setattr(torch.cuda, "mem_get_info", lambda device=None: (start(), free(torch.device(device).index or 0))[1])
    patch.setattr(torch.cuda, "current_device", lambda: (start(), 0)[1])
    patch.setattr(torch.cuda, "set_device", lambda device: start())
    patch.setattr(torch.cuda, "init", start)


def _swap_forgotten(mode: FakeTensorMode) -> Any:
    """Modules swap their parameters as they are moved, which newer versions' book of fake tensors forbids."""

    def swap(first: Tensor, second: Tensor) -> None:
        with suppress(AttributeError):
            mode.fake_tensor_converter.meta_converter.tensor_memo.clear()
        swap_tensors(first, second)

    return swap


@contextmanager
def fake_accelerator(patch: pytest.MonkeyPatch, number: float = 1.0) -> Iterator[None]:
    """Within it every tensor is made without numbers, on the CPU, on two CUDA devices that are not started, or MPS."""
    with patch.context() as within, _guards_of_meta():
        within.setattr(FakeTensorMode, "avoid_device_init", True)
        within.setattr(fake_tensor, "init_gpu_context", lambda *device: None)
        _fake_cuda(within)
        within.setattr(torch, "get_rng_state", lambda: torch.empty(16, dtype=torch.uint8))
        within.setattr(torch, "set_rng_state", lambda content: None)
        within.setattr(torch.mps, "synchronize", lambda: None)
        within.setattr(torch.mps, "get_rng_state", lambda device: torch.empty(16, dtype=torch.uint8))
        within.setattr(torch.mps, "set_rng_state", lambda content, device: None)
        mode = FakeTensorMode(allow_non_fake_inputs=False)
        within.setattr(torch.utils, "swap_tensors", _swap_forgotten(mode))
        with mode, _Operations(number), _Functions():
            yield
