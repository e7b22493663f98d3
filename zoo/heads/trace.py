"""One forward pass, recorded: which modules ran, and which node of the autograd graph each one made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.heads.modes import mode, probe_images, untouched

if TYPE_CHECKING:
    from torch import Tensor, nn

# Operations that only rearrange numbers: before and after them the logits are the same logits.
_VIEWS = ("View", "UnsafeView", "Reshape", "Squeeze", "Alias", "Unsafe", "Clone", "ToCopy")


@dataclass(slots=True)
class Trace:
    """What a forward pass showed. `made` maps a module's name to the graph nodes of its outputs, in order; `entered`
    to what it was first given.
    """

    output: Any = None
    made: dict[str, list[Any]] = field(default_factory=dict)
    entered: dict[str, Any] = field(default_factory=dict)
    input_widths: dict[str, int] = field(default_factory=dict)

    def record(self, name: str, inputs: tuple[Any, ...], output: Any) -> None:
        node = getattr(output, "grad_fn", None)
        self.made.setdefault(name, []).append(node)
        if inputs:
            self.entered.setdefault(name, inputs[0])
        if inputs and hasattr(inputs[0], "shape") and len(inputs[0].shape) > 1:
            self.input_widths[name] = int(inputs[0].shape[-1])


def run(model: nn.Module, input_shape: tuple[int, int, int], *, training: bool = False) -> Trace:
    """Run two random images through `model`; its modes, buffers and gradients stay as they were."""
    import torch

    trace = Trace()
    handles = [
        module.register_forward_hook(lambda _, inputs, output, name=name: trace.record(name, inputs, output))
        for name, module in model.named_modules(remove_duplicate=False)
        if name
    ]
    try:
        with mode(model, training), untouched(model), torch.enable_grad():
            # Images that need a gradient give a graph even where all parameters are frozen; the addition
            # makes them no leaf, so that a model may normalise them in place.
            trace.output = model(probe_images(model, input_shape).requires_grad_() + 0)
    except (ZooError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise _cannot_run(model, input_shape, error) from error
    finally:
        for handle in handles:
            handle.remove()
    return trace


def same_as_output(output: Tensor) -> list[Any]:
    """The node of `output` and those before it that only changed its shape."""
    nodes = [output.grad_fn]
    while nodes[-1] is not None and nodes[-1].name().startswith(_VIEWS) and nodes[-1].next_functions:
        nodes.append(nodes[-1].next_functions[0][0])
    return nodes


def _cannot_run(model: nn.Module, shape: tuple[int, int, int], error: Exception) -> ZooError:
    reason = (str(error).strip().splitlines() or [""])[0][:200]
    size = "×".join(str(side) for side in shape)
    cause = f"{type(model).__name__} cannot run on {size} images: {type(error).__name__}: {reason}"
    return ZooError(cause, "try the size the model was designed for, or another --img-size")
