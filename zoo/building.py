"""From a declared model to one that is ready to train: built, loaded, given its head, proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from zoo.checkpoints.matching import DoesNotFit, fitted, load
from zoo.errors import USAGE, ZooError, first_line
from zoo.heads import layers
from zoo.heads.attach import attach, exchange
from zoo.heads.head import Head, HeadSpec
from zoo.heads.trace import run
from zoo.heads.without_memory import without_memory
from zoo.input_size import COMMON_SIZES, UnsuitableSize, other_channels, with_size_hint
from zoo.options import brackets
from zoo.specs import ModelSpec, Task, resolve
from zoo.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import nn

    from zoo.checkpoints.checkpoint import Checkpoint


# Beside the common ones, those of small pictures, and of what is trained or fine-tuned larger.
OTHER_SIZES = (8, 28, 40, 80, 100, 120, 144, 150, 176, 208, 240, 288, 320, 336, 448, 512, 518)
# Class counts of the data sets that architectures are published for: a builder that refuses all but its own takes one.
OWN_COUNTS = (1000, 10, 100, 2, 21841, 365, 1001)
LIKELY = OWN_COUNTS[:1]  # where many sizes are tried, each for one more count at most
REFUSALS = (AssertionError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model with a head for `num_classes`, and the name of the weights it carries ("none" where random).

    `notes` say what of a file of weights was chosen, converted, left out or left new, and that a classifier was
    exchanged which nobody asked to be, in a few words each.
    """

    model: nn.Module
    head: Head
    weights: str
    num_classes: int
    notes: tuple[str, ...] = ()


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
    allocated and no weights are loaded. Options that the task does not have are those of `spec`. Every ZooError names
    the model.
    """
    require_installed(spec)
    task = replace(task, options={**spec.options, **task.options})
    if weights is not None:
        task = replace(task, weights=weights.tag or None)
    label = weights_label(spec, None if device == "meta" else task.weights)
    try:
        HeadSpec.parse(head)
        if device == "meta":
            return _without_memory(spec, replace(task, weights=None), head)
        if weights is not None and weights.path:
            return _from_file(spec, task, head, weights)
        return _finish(spec, task, _at_its_count(spec, task, build_module).to(device), head, label)
    except ZooError as error:
        explanation = _explained(error, spec, task)
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


def _at_its_count(
    spec: ModelSpec, task: Task, make: Callable[[ModelSpec, Task], nn.Module], counts: Sequence[int] = OWN_COUNTS
) -> nn.Module:
    """What `make` builds; of a builder that refuses the task's number of classes, at the first of `counts` it takes."""
    try:
        return make(spec, task)
    except ZooError as error:
        own = _own_count(spec, task, counts) if isinstance(error.__cause__, REFUSALS) else None
        if own is None:
            raise
    return make(spec, replace(task, num_classes=own))


def _own_count(spec: ModelSpec, task: Task, counts: Sequence[int]) -> int | None:
    """The number of classes that the builder insists on, tried without memory; None where it is not that."""
    for count in counts:
        try:
            build_on_meta(spec, replace(task, num_classes=count, weights=None))
        except ZooError:
            continue
        return count
    return None


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


def _explained(error: ZooError, spec: ModelSpec, task: Task) -> ZooError:
    """`error`, or what it comes to: images of a size, or with a number of channels, that the model does not take."""

    def takes(size: int, channels: int = task.channels) -> bool:
        return runs_on(spec, replace(task, channels=channels), size)

    if spec.input_for(None).channels is None and (hint := other_channels(error, task, takes)):
        return hint
    return with_size_hint(error, task.image_size, takes)


def runs_on(spec: ModelSpec, task: Task, size: int) -> bool:
    """Whether the model runs on images of `size` pixels, tried without memory.

    In train mode too: inception_v3's auxiliary classifier needs larger images than the rest of it.
    """
    try:
        module = _at_its_count(spec, replace(task, image_size=size, weights=None), build_on_meta, LIKELY)
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
    count = attached.built_for
    notes = (f"its classifier for {count:,} classes replaced by a new one for {task.num_classes:,}",) if count else ()
    return BuiltModel(model=module, head=attached, weights=label, num_classes=task.num_classes, notes=notes)


def _without_memory(spec: ModelSpec, task: Task, head: str) -> BuiltModel:
    """As `build` on the meta device; what that device cannot do is done in memory, which is given back at once."""
    try:
        return _finish(spec, task, _at_its_count(spec, task, build_on_meta), head, "none")
    except ZooError as error:
        # What the device says of an operation that it lacks, NotImplementedError, is one of these.
        if not isinstance(error.__cause__, RuntimeError):
            raise
    built = _finish(spec, task, _at_its_count(spec, task, build_module), head, "none")
    built.model.to("meta")
    return built


def _from_file(spec: ModelSpec, task: Task, head: str, weights: Weights) -> BuiltModel:
    """Give the model the class count found in the file, so that every tensor of it is loaded strictly.

    A classifier for the task's own class count stays as it was saved; any other is replaced.
    """
    checkpoint, label = weights.load()
    built = _finish(spec, task, _at_its_count(spec, task, build_module), "linear", "none")
    checkpoint = fitted(built.model, checkpoint, built.head, spec.convert_weights)
    layer = checkpoint.tensors.get(f"{built.head.names[0]}.weight")
    num_classes = task.num_classes if layer is None or not layer.ndim else int(layer.shape[0])
    if num_classes != task.num_classes:
        last = (*built.head.names, *built.head.aux)
        layers.replace(built.model, last, num_classes, HeadSpec(), built.head.in_features)
    try:
        remained = load(built.model, checkpoint, weights.file.name, built.head)
    except DoesNotFit as error:
        other = _for_other_options(spec, task, checkpoint) or _for_another_size(spec, task, checkpoint, error)
        raise (other or error) from None
    built = replace(built, weights=label, notes=(*checkpoint.notes, *remained))
    if num_classes == task.num_classes and head == "linear":
        return built
    new = exchange(built.model, built.head, task.num_classes, head, input_shape=task.input_shape)
    given_up = () if layer is None else (f"its classifier for {num_classes} classes replaced by a new one",)
    return replace(built, head=new, notes=(*built.notes, *given_up))


def _for_other_options(spec: ModelSpec, task: Task, checkpoint: Checkpoint) -> ZooError | None:
    """The error that says with which options the saved model was built, where the file tells."""
    own = spec.own_task(checkpoint.settings) if spec.own_task else None
    other = {name: value for name, value in own.options.items() if task.options.get(name) != value} if own else {}
    name = f"{spec.name}{brackets(other)}"
    return ZooError(f"these weights are of {name}", f"use --plugins '{name}'", USAGE) if other else None


def _for_another_size(spec: ModelSpec, task: Task, checkpoint: Checkpoint, error: DoesNotFit) -> ZooError | None:
    """The error that says for which image size the weights are, where there is one; tried without memory."""
    if not error.reshaped:
        return None
    here, larger = (_shapes(spec, task, size) for size in (task.image_size, 2 * task.image_size))
    if any(here.get(name) == larger.get(name) for name in error.reshaped):
        return None  # no size makes that model of this one
    saved = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    for size in (*COMMON_SIZES, *OTHER_SIZES):
        shapes = _shapes(spec, task, size)
        if shapes and all(saved.get(name) == shapes[name] for name in error.reshaped):
            cause = f"these weights are for images of {size} px, not of {task.image_size}"
            return ZooError(cause, f"use --img-size {size}", USAGE)
    return None


def _shapes(spec: ModelSpec, task: Task, size: int) -> dict[str, torch.Size]:
    """The shapes of the model's tensors when it is built for images of `size` pixels; empty where it cannot be."""
    try:
        module = _at_its_count(spec, replace(task, image_size=size, weights=None), build_on_meta, LIKELY)
    except ZooError:
        return {}
    return {name: tensor.shape for name, tensor in module.state_dict().items()}
