"""Facts about one model for one task, from a build that allocates no memory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo.building import build, weights_label
from zoo.catalogue.published import published
from zoo.heads.modes import mode, probe_images
from zoo.options import shown
from zoo.specs import LARGEST_FREE_SIZE, SMALLEST_CNN_SIZE, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from zoo.specs import InputSpec, ModelSpec


def describe(
    spec: ModelSpec,
    owner: str,
    *,
    num_classes: int,
    head: str = "linear",
    img_size: int | None = None,
    weights: str | None = None,
    macs: bool = True,
) -> dict[str, Any]:
    """What `harness info` shows of a model. Parameter counts are exact; `macs` is None where it cannot be counted."""
    wanted = spec.input_for(weights)
    task = Task.for_model(spec, num_classes, image_size=img_size, weights=weights)
    built = build(spec, task, head=head, device="meta")
    parameters = list(built.model.parameters())
    label = weights_label(spec, weights)
    return {
        "name": spec.name,
        "source": owner,
        "family": spec.family,
        "param_count": sum(parameter.numel() for parameter in parameters),
        "trainable_param_count": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        "macs": _macs(built.model, task.input_shape) if macs else None,
        "head": built.head.name,
        "head_type": built.head.type,
        "in_features": built.head.in_features,
        "head_layers": list(built.head.names),
        "aux_heads": list(built.head.aux),
        "num_classes": num_classes,
        "img_size": task.image_size,
        "fixed_size": wanted.fixed,
        "min_size": wanted.min_size,
        "channels": task.channels,
        "built_for_size": _size_in_words(wanted, pretrained=weights is not None),
        "built_for_channels": f"{wanted.channels}" if wanted.channels else "those of the data, 1 or 3",
        "mean": wanted.mean,
        "std": wanted.std,
        "interpolation": wanted.interpolation,
        "weights": label,
        "available_weights": list(spec.weights),
        "published": {tag: published(spec.name, tag) for tag in ([label] if label in spec.weights else spec.weights)},
        "tags": sorted(spec.tags),
        "requires": list(spec.requires),
        "options": [f"{name}={shown(value)}" for name, value in spec.options.items()],
        "summary": spec.summary,
    }


def _size_in_words(wanted: InputSpec, *, pretrained: bool) -> str:
    """Which image size a run builds the model for, where nobody asks for one: see `Task`."""
    if wanted.size is not None and (pretrained or wanted.fixed):
        return f"{wanted.size} px"
    least = max(wanted.min_size, SMALLEST_CNN_SIZE if wanted.size else 1)
    limits = [f"at least {least}"] if least > 1 else []
    return f"that of the data, {' and '.join([*limits, f'at most {wanted.size or LARGEST_FREE_SIZE}'])} px"


def count_macs(model: nn.Module, input_shape: tuple[int, int, int]) -> int:
    """Multiply-adds of one image through `model` in eval mode, where it is; on the meta device nothing is computed.

    Raises whatever the model raises where it cannot run there, or not under a counting mode.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with mode(model, training=False), torch.no_grad(), _layer_by_layer(), counter:
        model(probe_images(model, input_shape, batch=1))
    return counter.get_total_flops() // 2  # it counts a multiply-add as two


@contextmanager
def _layer_by_layer() -> Iterator[None]:
    """Without kernels that do several layers at once: the counter takes what it does not know for no work at all.

    On a CPU those are whole transformer layers, attention, and recurrent layers of oneDNN.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    was_fused, had_onednn = torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled
    torch.backends.mha.set_fastpath_enabled(False)
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]  # a descriptor of the module's class
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_fused)
        torch.backends.mkldnn.enabled = had_onednn


def _macs(model: nn.Module, input_shape: tuple[int, int, int]) -> int | None:
    try:
        return count_macs(model, input_shape)
    except Exception:  # the model is sound, its proof has passed: only the counting mode did not get through
        return None
