"""Proof that a model does what the harness relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor, nn


def require_scores(output: Any) -> None:
    """The output must be one floating-point tensor [2, width] that depends on what the model computed."""
    import torch

    if not isinstance(output, torch.Tensor):
        raise ZooError(f"the model returned {shape_of(output)}", "return one tensor [batch, num_classes] in eval mode")
    if output.ndim != 2 or output.shape[0] != 2 or not output.is_floating_point():
        cause = f"the model returned {shape_of(output)} for a batch of 2"
        raise ZooError(cause, "return one floating-point tensor [batch, num_classes]")
    if output.grad_fn is None:
        raise ZooError("no gradient flows from the output", "remove no_grad, detach or argmax from forward")


def require_width(output: Tensor, num_classes: int) -> None:
    """The output must have one column a class."""
    if output.shape[1] != num_classes:
        cause = f"the model returned {shape_of(output)}, wanted [2, {num_classes}]"
        raise ZooError(cause, "build the model for task.num_classes classes")


def require_logits(output: Tensor) -> None:
    """The numbers must be finite and no probabilities; a model on the meta device has no numbers to look at."""
    import torch

    if output.is_meta:
        return
    scores = output.detach().float()
    if not bool(torch.isfinite(scores).all()):
        raise ZooError("the model's output is not finite", "look for a division by zero or an overflow in forward")
    require_no_probabilities(scores)


def require_no_probabilities(scores: Tensor) -> None:
    """Rows [N, K] that are positive and sum to 1 have been through a softmax; a single one may be so by chance.

    Looking at them makes the host wait for the device.
    """
    import torch

    sums = scores.detach().float().sum(dim=1)
    if min(scores.shape) < 2 or bool((scores < 0).any()) or not torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        return
    cause = "the model returns probabilities, on which cross-entropy is wrong"
    raise ZooError(cause, "remove the softmax, or use log_softmax: logits and log-probabilities are both right")


def require_trainable(model: nn.Module, *, fresh_head: bool = False) -> None:
    """Some parameter must be free to learn; a head that is about to be replaced brings its own."""
    parameters = list(model.parameters())
    if not parameters:
        cause = f"nothing in the model is trainable: {type(model).__name__} has no parameters"
        raise ZooError(cause, "give it a layer that learns, such as nn.Linear")
    if not fresh_head and not any(parameter.requires_grad for parameter in parameters):
        cause = f"nothing in the model is trainable: all {len(parameters)} parameters are frozen"
        raise ZooError(cause, "leave requires_grad on; --finetune head freezes all but the head by itself")


def require_gradients(output: Any, model: nn.Module, names: tuple[str, ...]) -> None:
    """Every parameter of the named layers must take part in the output; nothing is accumulated in `.grad`."""
    import torch

    named = [(f"{name}.{own}", p) for name in names for own, p in model.get_submodule(name).named_parameters()]
    frozen = [name for name, parameter in named if not parameter.requires_grad]
    if frozen:
        raise ZooError(f"the classifier's {frozen[0]} is frozen", "leave requires_grad on for the head")
    tensors = [output] if isinstance(output, torch.Tensor) else [part for part in output if part is not None]
    with torch.enable_grad():  # whatever the caller has switched off
        total = sum((tensor.sum() for tensor in tensors), start=torch.zeros((), device=tensors[0].device))
    gradients = torch.autograd.grad(total, [p for _, p in named], allow_unused=True)
    unused = [name for (name, _), gradient in zip(named, gradients, strict=True) if gradient is None]
    if unused:
        cause = f"{len(unused)} parameters of the head get no gradient: {', '.join(unused[:3])}"
        raise ZooError(cause, "the forward pass has to go through the head")


def shape_of(value: Any) -> str:
    """What came where a tensor was expected, in a few words."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"a tensor {list(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    name = type(value).__name__
    return "None" if value is None else f"an {name}" if name[0] in "AEIOU" else f"a {name}"
