"""All classifiers of torchvision, under their own names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import zoo
from zoo.sources import torchvision_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

STARTER = ("resnet18", "densenet121", "mobilenet_v3_small")
IMAGENET = zoo.InputSpec(size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), channels=3)
# The argument that sets the image size of a model that is built for one size.
SIZE_ARGUMENT = {"vision_transformer": "image_size", "maxvit": "input_size"}
# Smallest sides that pass in eval and train mode (inception_v3's auxiliary head is what asks for 299), measured by
# running every size; names are the beginnings of names, 1 where none fits.
MIN_SIZES = {
    "alexnet": 63,
    "convnext": 32,
    "densenet": 29,
    "googlenet": 15,
    "inception_v3": 299,
    "squeezenet1_0": 21,
    "squeezenet1_1": 17,
    "swin": 4,
    "vgg": 32,
}


@zoo.hookimpl
def zoo_models() -> Iterator[zoo.ModelSpec]:
    for source in torchvision_sources():
        yield zoo.ModelSpec(
            name=source.name,
            build=partial(build, source.name, SIZE_ARGUMENT.get(source.family)),
            family=source.family,
            input=partial(input_of, source.name, source.family in SIZE_ARGUMENT),
            requires=("torchvision",),
            tags=frozenset({source.family, "starter"} if source.name in STARTER else {source.family}),
            weights=source.weights,
        )


def build(name: str, size_argument: str | None, task: zoo.Task) -> nn.Module:
    """torchvision's model for `task`; with weights, as those were trained, classifier included."""
    from torchvision import models

    builder = models.get_model_builder(name)
    if task.weights is not None:
        return _pretrained(name, task)
    arguments: dict[str, Any] = {"num_classes": task.num_classes}
    if size_argument == "image_size":
        arguments["image_size"] = task.image_size
    elif size_argument == "input_size":
        arguments["input_size"] = (task.image_size, task.image_size)
    if name in {"googlenet", "inception_v3"}:
        arguments["init_weights"] = True  # what None means too, but with a warning
    model: nn.Module = builder(weights=None, **arguments)
    return model


def input_of(name: str, fixed: bool, weights: str | None) -> zoo.InputSpec:
    """The images that `weights` were trained on; without weights, the size the architecture was designed for."""
    from dataclasses import replace

    from torchvision import models

    known = models.get_model_weights(name)
    chosen = known.DEFAULT if weights in (None, "default") else known[weights]
    preset = chosen.transforms()
    size = preset.crop_size[0] if weights or not fixed else IMAGENET.size
    return replace(
        IMAGENET,
        size=size,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=preset.interpolation.value,
        fixed=fixed,
        min_size=next((side for start, side in MIN_SIZES.items() if name.startswith(start)), 1),
    )


def _pretrained(name: str, task: zoo.Task) -> nn.Module:
    from torchvision import models

    from zoo.download import explained, hub_folder, require_url

    known = models.get_model_weights(name)
    weights = known.DEFAULT if task.weights == "default" else known[task.weights]
    size = input_of(name, False, task.weights).size
    if name.startswith(("vit_", "maxvit")) and task.image_size != size:
        cause = f"the weights {weights.name} work at {size} px only, not at {task.image_size}"
        raise zoo.ZooError(cause, f"use --img-size {size}, or no weights", 2)
    require_url(weights.url)
    with explained(f"the weights {weights.name}", hub_folder() / weights.url.rpartition("/")[2]):
        model: nn.Module = models.get_model_builder(name)(weights=weights, progress=False)
    return model
