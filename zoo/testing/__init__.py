"""The contract of a model, for the tests of whoever writes a plugin.

@pytest.mark.parametrize("spec", my_plugin.zoo_models(), ids=lambda spec: spec.name)
def test_my_models(spec):
    assert zoo.testing.failures(spec) == []
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from zoo.building import BuiltModel, build
from zoo.errors import ZooError
from zoo.heads.modes import mode, probe_images, untouched
from zoo.names import is_valid
from zoo.specs import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoo.specs import ModelSpec

OK = "ok"
SMALL = 64


def check_model(spec: ModelSpec, num_classes: int = 5, image_size: int | None = None) -> list[tuple[str, str]]:
    """Each check's name with "ok" or with what is wrong. Building proves shape, head and kind of output."""
    checks = [("name is valid", OK if is_valid(spec.name) else f"{spec.name!r} is no valid name")]
    wanted = spec.input_for(None)
    size = image_size or (wanted.size if wanted.fixed and wanted.size else max(wanted.min_size, SMALL))
    task = Task.for_model(spec, num_classes, image_size=size)
    try:
        built = build(spec, task)
    except ZooError as error:
        return [*checks, ("builds and gives logits [batch, classes]", error.cause)]
    checks.append(("builds and gives logits [batch, classes]", OK))
    return checks + [(name, _outcome(partial(check, spec, task, built))) for name, check in _CHECKS.items()]


def failures(spec: ModelSpec, num_classes: int = 5, image_size: int | None = None) -> list[tuple[str, str]]:
    """The checks that `spec` does not pass."""
    return [check for check in check_model(spec, num_classes, image_size) if check[1] != OK]


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # whatever a plugin raises is its result
        return f"{type(error).__name__}: {error}"


def _gradients(spec: ModelSpec, task: Task, built: BuiltModel) -> str:
    import torch

    images = probe_images(built.model, task.input_shape)
    with mode(built.model, training=True), untouched(built.model):
        output = built.model(images)
        parts = [part for part in output if part is not None] if isinstance(output, tuple) else [output]
        loss = torch.stack([part.square().sum() for part in parts]).sum()
        named = [(name, p) for name, p in built.model.named_parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
    unused = [name for (name, _), gradient in zip(named, gradients, strict=True) if gradient is None]
    return f"{len(unused)} get none: {', '.join(unused[:3])}" if unused else OK


def _deterministic(spec: ModelSpec, task: Task, built: BuiltModel) -> str:
    import torch

    images = probe_images(built.model, task.input_shape)
    with mode(built.model, training=False), torch.no_grad():
        same = torch.equal(built.model(images), built.model(images))
    return OK if same else "two passes over the same images differ"


def _single_image(spec: ModelSpec, task: Task, built: BuiltModel) -> str:
    import torch

    image = probe_images(built.model, task.input_shape, batch=1)
    with mode(built.model, training=False), torch.no_grad():
        shape = tuple(built.model(image).shape)
    return OK if shape == (1, task.num_classes) else f"gave {shape}"


def _round_trip(spec: ModelSpec, task: Task, built: BuiltModel) -> str:
    import torch

    copy = build(spec, task).model
    copy.load_state_dict(built.model.state_dict())
    images = probe_images(built.model, task.input_shape)
    with mode(built.model, training=False), mode(copy, training=False), torch.no_grad():
        same = torch.equal(built.model(images), copy(images))
    return OK if same else "a second model with the same state_dict gives other outputs"


_CHECKS = {
    "gradients reach every parameter": _gradients,
    "eval mode is deterministic": _deterministic,
    "a single image is accepted in eval mode": _single_image,
    "a state_dict rebuilds the model": _round_trip,
}
