"""One forward pass, recorded: which modules ran, and which node of the autograd graph each one made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, first_line
from zoo.heads.modes import mode, probe_images, untouched

if TYPE_CHECKING:
    from torch import Tensor, nn

# Operations that only rearrange numbers: before and after them the logits are the same logits.
_VIEWS = ("View", "UnsafeView", "Reshape", "Squeeze", "Alias", "Unsafe", "Clone", "ToCopy")


@dataclass(slots=True)
class Trace:
    """What a forward pass showed. `made` maps a module's name to the graph nodes of its outputs, in order; `entered`
    to what it was first given; `running` to what it is at work on, the innermost module last.
    """

    output: Any = None
    made: dict[str, list[Any]] = field(default_factory=dict)
    entered: dict[str, Any] = field(default_factory=dict)
    input_widths: dict[str, int] = field(default_factory=dict)
    running: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def begin(self, name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self.running[name] = inputs

    def record(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self.running.pop(name, None)
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
    handles = []
    for name, module in model.named_modules(remove_duplicate=False):
        if name:
            handles.append(module.register_forward_pre_hook(partial(trace.begin, name)))
            handles.append(module.register_forward_hook(partial(trace.record, name)))
    try:
        with mode(model, training), untouched(model), torch.enable_grad():
            # Images that need a gradient give a graph even where all parameters are frozen; the addition
            # makes them no leaf, so that a model may normalise them in place.
            trace.output = model(probe_images(model, input_shape).requires_grad_() + 0)
    except (ZooError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise _cannot_run(model, input_shape, error, trace) from error
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


def _cannot_run(model: nn.Module, shape: tuple[int, int, int], error: Exception, trace: Trace) -> ZooError:
    size = "×".join(str(side) for side in shape)
    reason = _mismatch(model, trace) or f"{type(error).__name__}: {first_line(error)}"
    cause = f"{type(model).__name__} cannot run on {size} images: {reason}"
    return ZooError(cause, "try the size the model was designed for, or another --img-size")


def _mismatch(model: nn.Module, trace: Trace) -> str:
    """Which linear layer was at work and got another number of features than it takes, or ""."""
    name, inputs = next(reversed(trace.running.items()), ("", ()))
    wanted = getattr(model.get_submodule(name), "in_features", None)
    width = inputs[0].shape[-1] if inputs and hasattr(inputs[0], "shape") else None
    differs = wanted is not None and width not in (None, wanted)
    return f"its layer {name} takes {wanted} features and gets {width}" if differs else ""
