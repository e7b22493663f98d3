"""Torch's process-wide switches, in one list: what a plugin can set for everybody, how it is seen, and how put back.

A model's numbers compare with others' only where all were made under the same switches, and a plugin may set any of
them as it is imported, built or run. Torch is imported inside functions only.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from zoo.manager.float32 import ROUNDING, torchs_own_rounding, without_rounding
from zoo.manager.switch import Switch, attribute, read_one, torch_itself

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Values = Mapping[str, Any]

AUTOCAST_DEVICES = ("cpu", "cuda")


def read() -> Values:
    """The value of every switch that this torch has, by name."""
    torch = torch_itself()
    return {switch.name: value for switch in SWITCHES if (value := read_one(switch, torch)) is not None}


def put_back(values: Values) -> list[str]:
    """Set every switch to its value in `values`; returns the names of those that were not so.

    One that cannot be set any more, as torch's number of inter-op threads, keeps its value: its name then says so.
    """
    torch, changed = torch_itself(), []
    for switch in SWITCHES:
        wanted = values.get(switch.name)
        if wanted is None or read_one(switch, torch) == wanted:
            continue
        with suppress(RuntimeError, AttributeError, ValueError):
            switch.write(torch, wanted)
        stays = read_one(switch, torch) != wanted
        changed.append(f"{switch.name} (which cannot be put back)" if stays else switch.name)
    return changed


def set_standard(*, exact: bool = False) -> None:
    """Set every switch that has a standard to it, which is what torch itself begins with: a plain process has the same.

    With `exact`, float32 is float32 everywhere; by torch's own default an accelerator's convolutions may take TF32.
    """
    standard = {switch.name: switch.standard for switch in SWITCHES if switch.standard is not None}
    own = torchs_own_rounding()  # asked in any case: whoever asks later gets what was seen before anything was set
    put_back(standard | {ROUNDING.name: without_rounding() if exact else own})


@contextmanager
def kept() -> Iterator[None]:
    """Put back at the end what the switches were at the beginning."""
    values = read()
    try:
        yield
    finally:
        put_back(values)


def _attention(kernel: str) -> Switch:
    """Whether attention may take one of its kernels."""
    return Switch(
        name=f"torch.backends.cuda.enable_{kernel}_sdp",
        read=lambda torch: getattr(torch.backends.cuda, f"{kernel}_sdp_enabled")(),
        write=lambda torch, value: getattr(torch.backends.cuda, f"enable_{kernel}_sdp")(value),
        standard=True,
    )


def _read_deterministic(torch: Any) -> Any:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _write_deterministic(torch: Any, value: Any) -> None:
    torch.use_deterministic_algorithms(value[0], warn_only=value[1])


def _read_autocast(torch: Any) -> Any:
    return tuple((torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in AUTOCAST_DEVICES)


def _write_autocast(torch: Any, value: Any) -> None:
    for kind, (enabled, dtype) in zip(AUTOCAST_DEVICES, value, strict=True):
        torch.set_autocast_enabled(kind, enabled)
        torch.set_autocast_dtype(kind, dtype)


def _read_device(torch: Any) -> str:
    try:
        return str(torch.get_default_device())
    except AttributeError:  # torch 2.6, once a default device was taken away again
        return "cpu"


def _write_device(torch: Any, name: str) -> None:
    torch.set_default_device(None if name == "cpu" else name)  # None takes away what each call would go through


def _flushes_denormals(torch: Any) -> bool:
    """Torch has no word for it, but Python's own arithmetic in this thread is switched along."""
    return sys.float_info.min / 2 == 0.0


SWITCHES: Sequence[Switch] = (
    Switch(
        name="torch.get_default_dtype()",
        read=lambda torch: str(torch.get_default_dtype()).removeprefix("torch."),
        write=lambda torch, name: torch.set_default_dtype(getattr(torch, name)),
        standard="float32",
        refused=True,
    ),
    Switch(
        name="torch.is_grad_enabled()",
        read=lambda torch: torch.is_grad_enabled(),
        write=lambda torch, value: torch.set_grad_enabled(value),
        standard=True,
        refused=True,
    ),
    Switch(
        name="torch.are_deterministic_algorithms_enabled()",
        read=_read_deterministic,
        write=_write_deterministic,
        standard=(False, False),
        refused=True,
    ),
    Switch(
        name="torch.set_default_device",
        read=_read_device,
        write=_write_device,
        standard="cpu",
    ),
    ROUNDING,
    Switch(name="torch.set_autocast_enabled", read=_read_autocast, write=_write_autocast),
    Switch(
        name="torch.set_anomaly_enabled",
        read=lambda torch: torch.is_anomaly_enabled(),
        write=lambda torch, value: torch.set_anomaly_enabled(value),
        standard=False,
    ),
    Switch(
        name="torch.set_flush_denormal",
        read=_flushes_denormals,
        write=lambda torch, value: torch.set_flush_denormal(value),
        standard=False,
    ),
    Switch(
        name="torch.set_num_threads",
        read=lambda torch: torch.get_num_threads(),
        write=lambda torch, value: torch.set_num_threads(value),
    ),
    Switch(
        name="torch.set_num_interop_threads",
        read=lambda torch: torch.get_num_interop_threads(),
        write=lambda torch, value: torch.set_num_interop_threads(value),
    ),
    attribute("backends.cudnn.enabled", standard=True),
    attribute("backends.cudnn.benchmark", standard=False),
    attribute("backends.cudnn.deterministic", standard=False),
    attribute("backends.mkldnn.enabled", standard=True),
    attribute("backends.mkldnn.deterministic", standard=False),
    attribute("backends.cuda.matmul.allow_fp16_reduced_precision_reduction", standard=True),
    attribute("backends.cuda.matmul.allow_bf16_reduced_precision_reduction", standard=True),
    attribute("backends.cuda.matmul.allow_fp16_accumulation", standard=False),
    *(_attention(kernel) for kernel in ("flash", "mem_efficient", "math", "cudnn")),
)
