"""Torch's process-wide switches, in one list: what a plugin can set for everybody, how it is seen, and how put back.

A model's numbers compare with others' only where all were made under the same switches, and a plugin may set any of
them as it is imported, built or run. Torch is imported inside functions only.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Values = Mapping[str, Any]

# Where float32 may be rounded further, in the words of torch 2.9 and later; a backend's "all" comes before its parts.
FP32 = {
    **dict.fromkeys(("generic all", "cuda all", "cuda conv", "cuda rnn"), "none"),
    "cuda matmul": "ieee",
    **dict.fromkeys(("mkldnn all", "mkldnn matmul", "mkldnn conv", "mkldnn rnn"), "none"),
}
AUTOCAST_DEVICES = ("cpu", "cuda")
_UNREADABLE = "unreadable"  # torch raises where its older and newer words for one thing contradict each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch: `read` and `write` get torch, and `name` is what a person would look for.

    `standard` is what every trial begins with; None leaves it as it is. A plugin that changes one with `refused` as it
    is imported is left out: it would break whatever else is imported.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]
    standard: Any = None
    refused: bool = False


def read() -> Values:
    """The value of every switch that this torch has, by name."""
    torch = _torch()
    return {switch.name: value for switch in SWITCHES if (value := _read(switch, torch)) is not None}


def put_back(values: Values) -> list[str]:
    """Set every switch to its value in `values`; returns the names of those that were not so.

    One that cannot be set any more, as torch's number of inter-op threads, keeps its value: its name then says so.
    """
    torch, changed = _torch(), []
    for switch in SWITCHES:
        wanted = values.get(switch.name)
        if wanted is None or _read(switch, torch) == wanted:
            continue
        with suppress(RuntimeError, AttributeError, ValueError):
            switch.write(torch, wanted)
        stays = _read(switch, torch) != wanted
        changed.append(f"{switch.name} (which cannot be put back)" if stays else switch.name)
    return changed


def set_standard() -> None:
    """Set every switch that has a standard to it: float32 means float32, and nothing is chosen by trying."""
    put_back({switch.name: switch.standard for switch in SWITCHES if switch.standard is not None})


@contextmanager
def kept() -> Iterator[None]:
    """Put back at the end what the switches were at the beginning."""
    values = read()
    try:
        yield
    finally:
        put_back(values)


def _torch() -> Any:
    import torch

    return torch


def _read(switch: Switch, torch: Any) -> Any:
    """The value; None where this torch has no such switch, since it is younger or older."""
    try:
        return switch.read(torch)
    except AttributeError:
        return None
    except RuntimeError:
        return _UNREADABLE


def _attribute(path: str, standard: Any) -> Switch:
    """A switch that is an attribute of one of torch's modules."""
    *parents, name = path.split(".")

    def owner(torch: Any) -> Any:
        for parent in parents:
            torch = getattr(torch, parent)
        return torch

    def write(torch: Any, value: Any) -> None:
        setattr(owner(torch), name, value)

    return Switch(name=f"torch.{path}", read=lambda torch: getattr(owner(torch), name), write=write, standard=standard)


def _attention(kernel: str) -> Switch:
    """Whether attention may take one of its kernels."""
    return Switch(
        name=f"torch.backends.cuda.enable_{kernel}_sdp",
        read=lambda torch: getattr(torch.backends.cuda, f"{kernel}_sdp_enabled")(),
        write=lambda torch, value: getattr(torch.backends.cuda, f"enable_{kernel}_sdp")(value),
        standard=True,
    )


def _fp32() -> Switch:
    """Where float32 may be rounded to fewer bits, in both of torch's vocabularies.

    They are one switch, since each changes the other, and the older words raise where they contradict the newer.
    """
    cudnn = _attribute("backends.cudnn.allow_tf32", standard=False)
    matmul = _attribute("backends.cuda.matmul.allow_tf32", standard=False)
    precision = Switch(
        name="torch.set_float32_matmul_precision",
        read=lambda torch: torch.get_float32_matmul_precision(),
        write=lambda torch, value: torch.set_float32_matmul_precision(value),
        standard="highest",
    )
    older = (cudnn, matmul, precision)

    def read(torch: Any) -> Any:
        newer = getattr(torch._C, "_get_fp32_precision_getter", None)  # from torch 2.9 on
        return [_read(switch, torch) for switch in older], {place: newer(*place.split()) for place in FP32 if newer}

    def write(torch: Any, value: Any) -> None:
        for switch, word in zip(older, value[0], strict=True):
            if word != _UNREADABLE:
                switch.write(torch, word)
        # Last: the older ones leave parts of it at words of their own.
        newer = getattr(torch._C, "_set_fp32_precision_setter", None)
        if newer:
            for place, word in value[1].items():
                newer(*place.split(), word)

    standard = [switch.standard for switch in older], FP32
    return Switch(name="torch's float32 precision (TF32)", read=read, write=write, standard=standard)


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
    _fp32(),
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
    _attribute("backends.cudnn.enabled", standard=True),
    _attribute("backends.cudnn.benchmark", standard=False),
    _attribute("backends.cudnn.deterministic", standard=False),
    _attribute("backends.mkldnn.enabled", standard=True),
    _attribute("backends.mkldnn.deterministic", standard=False),
    _attribute("backends.cuda.matmul.allow_fp16_reduced_precision_reduction", standard=True),
    _attribute("backends.cuda.matmul.allow_bf16_reduced_precision_reduction", standard=True),
    _attribute("backends.cuda.matmul.allow_fp16_accumulation", standard=False),
    *(_attention(kernel) for kernel in ("flash", "mem_efficient", "math", "cudnn")),
)
