"""Whether other layouts, formats and compilers give what the plain model gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.errors import ZooError, first_line
from zoo.heads.modes import mode
from zoo.memory_layout import lay_out
from zoo.testing.result import NotApplicable
from zoo.testing.subject import SEED, difference
from zoo.testing.surroundings import undisturbed

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.testing.subject import Subject

SAME = 1e-3  # of the largest output: another layout takes other kernels, which sum up in another order
NEAR = 0.2  # bfloat16 has 8 bits; what loses them all is further away
ROUNDING, ROUGH = 2.0**-20, 2.0**-8  # what float32 loses on its way through some layers, and bfloat16 in each
# The images are rounded once, and then what each layer gives: the effects of sixteen add up to four times that of one.
MANY = 4


def channels_last(subject: Subject) -> None:
    """--channels-last on changes nothing."""
    import torch

    model = subject.built.model
    lay_out(model, torch.channels_last)
    try:
        images = subject.images().to(memory_format=torch.channels_last)
        output = subject.evaluated(images)
    finally:
        lay_out(model, torch.contiguous_format)
    require(subject, output, "in channels-last layout")


def bf16(subject: Subject) -> None:
    """--amp gives the same but for rounding."""
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = subject.evaluated(subject.images())
    require(subject, rounded, "in bfloat16", NEAR, ROUGH)


def compiles(subject: Subject) -> None:
    """torch.compile takes it as one graph, and that gives the same; its kernels are not compiled."""
    import torch

    images = subject.images()
    model = subject.built.model
    try:
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        with mode(model, training=False), torch.no_grad(), undisturbed():
            output: Tensor = compiled(images)
    except Exception as error:
        raise ZooError(f"torch.compile: {_reason(error)}", "let no number of a tensor decide what is done") from error
    finally:
        torch._dynamo.reset()
    require(subject, output, "compiled")


def exports(subject: Subject) -> None:
    """torch.export takes it, and that gives the same."""
    import torch

    images = subject.images()
    model = subject.built.model
    try:
        with mode(model, training=False), torch.no_grad(), undisturbed():
            output: Tensor = torch.export.export(model, (images,)).module()(images)
    except Exception as error:
        raise ZooError(f"torch.export: {_reason(error)}", "let no number of a tensor decide what is done") from error
    require(subject, output, "exported")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def require(subject: Subject, output: Tensor, how: str, tolerance: float = SAME, rounding: float = ROUNDING) -> None:
    """Raise where outputs differ from the plain ones by more than `tolerance`, and that tells something of the model.

    Of random weights, deep networks with gates can be chaotic: any `rounding` of the images changes all then.
    """
    share = difference(output, subject.plain)
    if share <= tolerance:
        return
    own = difference(subject.evaluated(_rounded(subject.images(), rounding)), subject.plain)
    if MANY * own > tolerance:
        cause = (
            f"images that are altered by {100 * rounding:.1g} % change its outputs by {100 * own:.2g} % of the largest"
        )
        raise NotApplicable(f"of random weights it magnifies roundings: {cause}")
    cause = f"{how} its outputs differ by {100 * share:.2g} % of the largest"  # or are not a number
    raise ZooError(cause, "look for sums of very different numbers, views of a layout, or a format that is fixed")


def _rounded(images: Tensor, share: float) -> Tensor:
    import torch

    generator = torch.Generator().manual_seed(SEED)
    return images * (1 + share * (2 * torch.rand(images.shape, generator=generator).to(images.dtype) - 1))
