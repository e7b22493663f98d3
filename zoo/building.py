"""From a declared model to one that is ready to train: built, loaded, given its head, proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from zoo.errors import ZooError, first_line
from zoo.heads import layers
from zoo.heads.attach import attach, exchange
from zoo.heads.head import Head, HeadSpec
from zoo.heads.trace import run
from zoo.input_size import UnsuitableSize, with_size_hint
from zoo.specs import ModelSpec, Task, resolve
from zoo.weights import Weights, load_strictly
from zoo.without_memory import without_memory

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model with a head for `num_classes`, and the name of the weights it carries ("none" where random)."""

    model: nn.Module
    head: Head
    weights: str
    num_classes: int


def build(
    spec: ModelSpec,
    task: Task,
    *,
    head: str = "linear",
    weights: Weights | None = None,
    device: str = "cpu",
) -> BuiltModel:
    """Build `spec` for `task`, load weights before the head is swapped, swap it and prove the result.

    `weights` take the place of `task.weights`; those of a file are loaded strictly. With the device "meta" nothing is
    allocated and no weights are loaded. Every ZooError names the model.
    """
    require_installed(spec)
    if weights is not None:
        task = replace(task, weights=weights.tag or None)
    label = weights_label(spec, None if device == "meta" else task.weights)
    try:
        HeadSpec.parse(head)
        if device == "meta":
            return _without_memory(spec, replace(task, weights=None), head)
        if weights is not None and weights.path:
            return _from_file(spec, task, head, weights)
        return _finish(spec, task, build_module(spec, task).to(device), head, label)
    except ZooError as error:
        explanation = with_size_hint(error, task.image_size, lambda size: _takes(spec, task, size))
        cause = f"{spec.name}: {explanation.cause}"
        if isinstance(explanation, UnsuitableSize):
            raise UnsuitableSize(cause, explanation.size, explanation.least) from error
        raise ZooError(cause, explanation.remedy, explanation.exit_code) from error


def require_installed(spec: ModelSpec) -> None:
    """Raise ZooError where a module that the model needs is not installed; imports nothing."""
    missing = [module for module in spec.requires if find_spec(module) is None]
    if missing:
        cause = f"{spec.name} needs {', '.join(missing)}, which is not installed"
        raise ZooError(cause, f"pip install {' '.join(missing)}")


def build_module(spec: ModelSpec, task: Task) -> nn.Module:
    """Call the plugin's build function and check what it returns."""
    import torch
    from torch import nn

    try:
        module = resolve(spec.build)(task)
    except (ZooError, MemoryError, torch.OutOfMemoryError):
        raise  # want of memory as it is: the harness knows it by its type, and tries again in smaller parts
    except Exception as error:
        cause = f"cannot be built: {type(error).__name__}: {first_line(error)}"
        raise ZooError(cause, "see the plugin's build function") from error
    if not isinstance(module, nn.Module):
        what = f"the class {module.__name__}" if isinstance(module, type) else repr(module)[:60]
        raise ZooError(f"build returned {what}, not a torch.nn.Module", "return the model from the build function")
    return module


def build_on_meta(spec: ModelSpec, task: Task) -> nn.Module:
    """The model without memory for its parameters, in one of two ways since few builders fail in both.

    Under the meta device a builder cannot read the values of a schedule; without memory it cannot run a layer.
    """
    import torch

    try:
        with torch.device("meta"):
            return build_module(spec, task).to("meta")
    except ZooError:
        with without_memory():
            return build_module(spec, task).to("meta")


def _takes(spec: ModelSpec, task: Task, size: int) -> bool:
    """Whether the model runs on images of `size` pixels, tried without memory.

    In train mode too: inception_v3's auxiliary classifier needs larger images than the rest of it.
    """
    try:
        module = build_on_meta(spec, replace(task, image_size=size, weights=None))
        for training in (False, True):
            run(module, (task.channels, size, size), training=training)
    except ZooError:
        return False
    return True


def weights_label(spec: ModelSpec, tag: str | None) -> str:
    """What a table calls the weights that `tag` stands for. Raises ZooError (usage) where `spec` does not offer it."""
    if tag is None:
        return "none"
    Weights(tag=tag).check(spec)
    return spec.weights[0] if tag == "default" else tag


def _finish(spec: ModelSpec, task: Task, module: nn.Module, head: str, label: str) -> BuiltModel:
    scratch = label == "none"
    attached = attach(module, task.num_classes, head, input_shape=task.input_shape, hint=spec.head, scratch=scratch)
    return BuiltModel(model=module, head=attached, weights=label, num_classes=task.num_classes)


def _without_memory(spec: ModelSpec, task: Task, head: str) -> BuiltModel:
    """As `build` on the meta device; what that device cannot do is done in memory, which is given back at once."""
    try:
        return _finish(spec, task, build_on_meta(spec, task), head, "none")
    except ZooError as error:
        # What the device says of an operation that it lacks, NotImplementedError, is one of these.
        if not isinstance(error.__cause__, RuntimeError):
            raise
    built = _finish(spec, task, build_module(spec, task), head, "none")
    built.model.to("meta")
    return built


def _from_file(spec: ModelSpec, task: Task, head: str, weights: Weights) -> BuiltModel:
    """Give the model the class count found in the file, so that every tensor of it is loaded strictly.

    A classifier for the task's own class count stays as it was saved; any other is replaced.
    """
    state, label = weights.load()
    built = _finish(spec, task, build_module(spec, task), "linear", "none")
    layer = state.get(f"{built.head.names[0]}.weight")
    num_classes = task.num_classes if layer is None else int(layer.shape[0])
    if num_classes != task.num_classes:
        last = (*built.head.names, *built.head.aux)
        layers.replace(built.model, last, num_classes, HeadSpec(), built.head.in_features)
    load_strictly(built.model, state, weights.file.name)
    if num_classes == task.num_classes and head == "linear":
        return replace(built, weights=label)
    new = exchange(built.model, built.head, task.num_classes, head, input_shape=task.input_shape)
    return replace(built, head=new, weights=label)
