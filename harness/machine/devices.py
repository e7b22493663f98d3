"""From what a person writes after --device to a device that exists. Never a silent fall-back."""

from __future__ import annotations

from collections.abc import Callable

import torch

from harness.machine.device_names import split_device
from zoo.errors import ENVIRONMENT, ZooError

LONG_NAMES = {"cuda": "CUDA", "mps": "MPS", "xpu": "XPU"}


def resolve(text: str) -> torch.device:
    """The device of that name; `auto` is the accelerator where there is one, else the CPU.

    Raises ZooError: usage (2) for what is no device, environment (3) for one that this machine does not have.
    """
    kind, index = split_device(text)
    if kind == "auto":
        return torch.device(_accelerators()[0] if _accelerators() else "cpu")
    if kind == "cpu":
        return torch.device("cpu")
    num_present = count(kind)
    if num_present == 0:
        raise _absent(text, kind)
    if index >= num_present:
        raise ZooError(f"--device {text}, but there is no such device", f"use one of: {_choices()}", ENVIRONMENT)
    return torch.device(text)


def count(kind: str) -> int:
    """How many accelerators of one kind torch can use here."""
    module = getattr(torch, kind, None)
    if module is None or not module.is_available():
        return 0
    return int(module.device_count())


def present() -> list[str]:
    """Every device that can be used: cpu, cuda:0, cuda:1 and so on."""
    return ["cpu", *(f"{kind}:{index}" for kind in _accelerators() for index in range(count(kind)))]


def label(device: torch.device) -> str:
    """What to call a device beside its figures: an accelerator's product name, else its kind."""
    if device.type in {"cuda", "xpu"}:
        return str(getattr(torch, device.type).get_device_name(device))
    return {"mps": "Apple GPU"}.get(device.type, device.type.upper())


def _accelerators() -> list[str]:
    return [kind for kind in LONG_NAMES if count(kind)]


def _choices() -> str:
    return ", ".join([*present(), "auto"])


def _absent(text: str, kind: str) -> ZooError:
    name = LONG_NAMES[kind]
    if _is_built(kind):
        return ZooError(f"--device {text}, but this machine has no usable {name} device", f"use one of: {_choices()}")
    cause = f"--device {text}, but this torch ({torch.__version__}) was built without {name}"
    return ZooError(cause, f"use --device auto, or install a {name} build of torch", ENVIRONMENT)


def _is_built(kind: str) -> bool:
    if kind == "xpu":  # of which torch.backends knows nothing
        return bool(torch.xpu._is_compiled())
    ask: Callable[[], bool] = getattr(torch.backends, kind).is_built
    return ask()
