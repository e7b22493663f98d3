"""Where float32 may be rounded to fewer bits (TF32): one switch in two of torch's vocabularies, and a word for it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from zoo.manager.switch import UNREADABLE, Switch, attribute, read_one, torch_itself

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where float32 may be rounded further, in the words of torch 2.9 and later; a backend's "all" comes before its parts.
PLACES = (
    *("generic all", "cuda all", "cuda conv", "cuda rnn", "cuda matmul"),
    *("mkldnn all", "mkldnn matmul", "mkldnn conv", "mkldnn rnn"),
)
NO_ROUNDING = {**dict.fromkeys(PLACES, "none"), "cuda matmul": "ieee"}
TF32_WORDS = {
    (False, False): "off",
    (True, False): "convolutions",
    (False, True): "matrix products",
    (True, True): "all",
}


@cache
def torchs_own_rounding() -> Any:
    """Where float32 may be rounded in this process, as it was when this was first asked: before any plugin is run.

    Read and not written down here: it differs from torch to torch, and variables such as
    TORCH_ALLOW_TF32_CUBLAS_OVERRIDE decide it too.
    """
    return read_one(ROUNDING, torch_itself())


@contextmanager
def exact_float32() -> Iterator[None]:
    """No TF32 inside: for comparing two ways to one result."""
    torch = torch_itself()
    before = read_one(ROUNDING, torch)
    ROUNDING.write(torch, without_rounding())
    try:
        yield
    finally:
        ROUNDING.write(torch, before)


def tf32() -> str:
    """Which of CUDA's float32 operations may take TF32 now: "off", "convolutions", "matrix products" or "all"."""
    torch = torch_itself()
    newer = getattr(torch._C, "_get_fp32_precision_getter", None)
    if newer is None:
        return TF32_WORDS[torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32]

    def is_rounded(operation: str) -> bool:
        # A part that says nothing follows its backend, and that what holds for all of them.
        said = (newer(*place.split()) for place in (f"cuda {operation}", "cuda all", "generic all"))
        return next((word for word in said if word != "none"), "ieee") == "tf32"

    return TF32_WORDS[is_rounded("conv"), is_rounded("matmul")]


def _switch() -> Switch:
    """Where float32 may be rounded to fewer bits, in both of torch's vocabularies.

    They are one switch, since each changes the other, and the older words raise where they contradict the newer.
    """
    cudnn = attribute("backends.cudnn.allow_tf32")
    matmul = attribute("backends.cuda.matmul.allow_tf32")
    precision = Switch(
        name="torch.set_float32_matmul_precision",
        read=lambda torch: torch.get_float32_matmul_precision(),
        write=lambda torch, value: torch.set_float32_matmul_precision(value),
    )
    older = (cudnn, matmul, precision)

    def read(torch: Any) -> Any:
        newer = getattr(torch._C, "_get_fp32_precision_getter", None)  # from torch 2.9 on
        return [read_one(switch, torch) for switch in older], {
            place: newer(*place.split()) for place in PLACES if newer
        }

    def write(torch: Any, value: Any) -> None:
        for switch, word in zip(older, value[0], strict=True):
            if word != UNREADABLE:
                switch.write(torch, word)
        # Last: the older ones leave parts of it at words of their own.
        newer = getattr(torch._C, "_set_fp32_precision_setter", None)
        if newer:
            for place, word in value[1].items():
                newer(*place.split(), word)

    return Switch(name="torch's float32 precision (TF32)", read=read, write=write)


def without_rounding() -> Any:
    """The value of the switch under which float32 is float32 everywhere; the newer words are not there before 2.9."""
    newer = hasattr(torch_itself()._C, "_get_fp32_precision_getter")
    return [False, False, "highest"], NO_ROUNDING if newer else {}


ROUNDING = _switch()
