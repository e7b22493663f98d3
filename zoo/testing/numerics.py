"""Whether other layouts, formats and compilers give what the plain model gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.errors import ZooError, first_line
from zoo.heads.modes import mode
from zoo.memory_layout import lay_out
from zoo.testing.subject import difference, undisturbed

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.testing.subject import Subject

SAME = 1e-3  # of the largest output: another layout takes other kernels, which sum up in another order
NEAR = 0.2  # bfloat16 has 8 bits; what loses them all is further away


def channels_last(subject: Subject) -> None:
    """--channels-last on changes nothing."""
    import torch

    plain = subject.plain
    model = subject.built.model
    lay_out(model, torch.channels_last)
    try:
        images = subject.images().to(memory_format=torch.channels_last)
        _require(subject.evaluated(images), plain, SAME, "in channels-last layout")
    finally:
        lay_out(model, torch.contiguous_format)


def bf16(subject: Subject) -> None:
    """--amp gives the same but for rounding."""
    import torch

    plain = subject.plain
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = subject.evaluated(subject.images())
    _require(rounded, plain, NEAR, "in bfloat16")


def compiles(subject: Subject) -> None:
    """torch.compile takes it as one graph, and that gives the same; its kernels are not compiled."""
    import torch

    images = subject.images()
    plain = subject.plain
    model = subject.built.model
    try:
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        with mode(model, training=False), torch.no_grad(), undisturbed():
            output: Tensor = compiled(images)
    except Exception as error:
        raise ZooError(f"torch.compile: {_reason(error)}", "let no number of a tensor decide what is done") from error
    finally:
        torch._dynamo.reset()
    _require(output, plain, SAME, "compiled")


def exports(subject: Subject) -> None:
    """torch.export takes it, and that gives the same."""
    import torch

    images = subject.images()
    plain = subject.plain
    model = subject.built.model
    try:
        with mode(model, training=False), torch.no_grad(), undisturbed():
            output: Tensor = torch.export.export(model, (images,)).module()(images)
    except Exception as error:
        raise ZooError(f"torch.export: {_reason(error)}", "let no number of a tensor decide what is done") from error
    _require(output, plain, SAME, "exported")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _require(output: Tensor, plain: Tensor, tolerance: float, how: str) -> None:
    share = difference(output, plain)
    if not share <= tolerance:  # not a number is no agreement
        cause = f"{how} its outputs differ by {100 * share:.2g} % of the largest"
        raise ZooError(cause, "look for sums of very different numbers, views of a layout, or a format that is fixed")
