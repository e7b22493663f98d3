"""All classifiers of torchvision, under their own names."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import zoo
from zoo.libraries.library_index import torchvision_architectures
from zoo.weights_source import WeightsSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn

STARTER = ("resnet18", "mobilenet_v3_small")
IMAGENET = zoo.InputSpec(size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), channels=3)
WITH_AUXILIARY_HEADS = {"googlenet", "inception_v3"}
# Their weights were trained on pixels scaled to -1..1, to which torchvision's models convert ImageNet's mean and std.
HALF = (0.5, 0.5, 0.5)
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
# densenet's layers have had other names since modules' names may hold no dot; its published files still have the old.
OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")


@zoo.hookimpl
def zoo_models() -> Iterator[zoo.ModelSpec]:
    for arch in torchvision_architectures():
        yield zoo.ModelSpec(
            name=arch.name,
            build=partial(build, arch.name, SIZE_ARGUMENT.get(arch.family)),
            family=arch.family,
            input=partial(input_of, arch.name, arch.family in SIZE_ARGUMENT),
            requires=("torchvision",),
            tags=frozenset({arch.family, "starter"} if arch.name in STARTER else {arch.family}),
            weights=arch.weights,
            require_weights=partial(require_weights, arch.name),
            weights_source=partial(weights_source, arch.name),
            convert_weights=convert_weights,
        )


def build(name: str, size_argument: str | None, task: zoo.Task) -> nn.Module:
    """torchvision's model for `task`; with weights, as those were trained, classifier included."""
    from torchvision import models

    if task.weights is not None:
        return _pretrained(name, task)
    arguments: dict[str, Any] = {"num_classes": task.num_classes}
    if size_argument:
        arguments[size_argument] = task.image_size if size_argument == "image_size" else task.input_shape[1:]
    if name in WITH_AUXILIARY_HEADS:
        arguments["init_weights"] = True  # what None means too, but with a warning
    model: nn.Module = models.get_model_builder(name)(weights=None, **arguments)
    return model


def input_of(name: str, fixed: bool, weights: str | None) -> zoo.InputSpec:
    """The images that `weights` were trained on; without weights, the size the architecture was designed for."""
    from dataclasses import replace
    from fractions import Fraction

    preset = _weights(name, weights or "default").transforms()
    converted = weights is not None and name in WITH_AUXILIARY_HEADS
    size = preset.crop_size[0] if weights or not fixed else IMAGENET.size
    return replace(
        IMAGENET,
        size=size,
        mean=HALF if converted else tuple(preset.mean),
        std=HALF if converted else tuple(preset.std),
        interpolation=preset.interpolation.value,
        antialias=bool(preset.antialias),
        crop_pct=Fraction(preset.crop_size[0], preset.resize_size[0]),
        fixed=fixed,
        min_size=next((side for start, side in MIN_SIZES.items() if name.startswith(start)), 1),
    )


def require_weights(name: str, weights: str) -> None:
    """Raise where the weights are not in torch.hub's folder and cannot be downloaded."""
    from zoo.libraries.download import own_file, require_url

    known = _weights(name, weights)
    if own_file(_file_name(name, known)) is None:
        require_url(known.url)


def weights_source(name: str, weights: str) -> WeightsSource:
    """Where these weights are, or come from. Looks at no file's content."""
    from zoo.libraries.download import hub_folder, own_file

    known = _weights(name, weights)
    put = hub_folder() / known.url.rpartition("/")[2]
    path = own_file(_file_name(name, known)) or (put if put.is_file() else None)
    return WeightsSource(file_name=_file_name(name, known), path=path, url=known.url, put=put)


def convert_weights(tensors: dict[str, Tensor], model: nn.Module) -> Mapping[str, Tensor]:
    """A file's tensors under torchvision's present names, a vision transformer's positions for the model's size."""
    from collections import OrderedDict

    from torchvision.models import vision_transformer

    renamed = OrderedDict((OLD_NAME.sub(r"\1\2", name), tensor) for name, tensor in tensors.items())
    if not isinstance(model, vision_transformer.VisionTransformer):
        return renamed
    resampled: Mapping[str, Tensor] = vision_transformer.interpolate_embeddings(
        model.image_size, model.patch_size, renamed
    )
    return resampled


def _file_name(name: str, weights: Any) -> str:
    """What a person calls their file in a folder of weights."""
    return f"{name}.{weights.name}.safetensors"


def _weights(name: str, weights: str) -> Any:
    from torchvision import models

    known = models.get_model_weights(name)
    return known.DEFAULT if weights == "default" else known[weights]


def _pretrained(name: str, task: zoo.Task) -> nn.Module:
    from torchvision import models

    from zoo.libraries.download import explained, hub_folder, own_file, require_url

    weights = _weights(name, task.weights or "default")
    size = input_of(name, False, task.weights).size
    if name.startswith(("vit_", "maxvit")) and task.image_size != size:
        cause = f"the weights {weights.name} work at {size} px only, not at {task.image_size}"
        raise zoo.ZooError(cause, f"use --img-size {size}, or no weights", 2)
    if (path := own_file(_file_name(name, weights))) is not None:
        return _from_own_file(name, path)
    require_url(weights.url)
    with explained(f"the weights {weights.name}", hub_folder() / weights.url.rpartition("/")[2]):
        if name not in WITH_AUXILIARY_HEADS:
            model: nn.Module = models.get_model_builder(name)(weights=weights, progress=False)
            return model
        # With weights, torchvision would drop googlenet's auxiliary heads and let both models normalise the images
        # once more: the very model that random weights give is one that a checkpoint can rebuild.
        inception: Any = models.get_model_builder(name)(weights=weights, progress=False, aux_logits=True)
        inception.transform_input = False
    return inception  # type: ignore[no-any-return]  # torchvision is untyped


def _from_own_file(name: str, path: Path) -> nn.Module:
    """The model with the weights of a person's file, which are those that torchvision would have fetched."""
    from torchvision import models

    from zoo.libraries.download import explained
    from zoo.weights import Weights

    tensors = Weights(path=str(path)).load()[0].tensors
    arguments: dict[str, Any] = {"aux_logits": True, "init_weights": False} if name in WITH_AUXILIARY_HEADS else {}
    model: nn.Module = models.get_model_builder(name)(weights=None, **arguments)
    with explained(f"the weights {path.name}", path):
        model.load_state_dict(convert_weights(dict(tensors), model))
    return model
