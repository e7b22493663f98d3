"""Models of pytorchcv for zoo-harness: pytorchcv/resnet18 and others, from random weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

# Classifiers of ImageNet at 224 px, by family: the well-known ones, then those that timm and
# torchvision lack. More: pytorchcv.model_provider._models, which torch must be imported for.
FAMILIES = {
    "resnet": (
        "resnet10",
        "resnet18_wd4",
        "resnet18",
        "resnet50",
        "preresnet18",
        "seresnet18",
    ),
    "resnext": ("resnext26_32x4d", "resnext50_32x4d"),
    "densenet": ("densenet121", "densenet169"),
    "mobilenet": ("mobilenet_w1", "mobilenetv2_w1", "mobilenetv3_large_w1"),
    "efficientnet": ("efficientnet_b0",),
    "mnasnet": ("mnasnet_b1", "mnasnet_a1"),
    "attention": ("bam_resnet18", "cbam_resnet18", "sknet50", "airnet50_1x64d_r2"),
    "bagnet": ("bagnet9", "bagnet17", "bagnet33"),
    "diracnet": ("diracnet18v2", "diracnet34v2"),
    "fishnet": ("fishnet99",),
    "igcv3": ("igcv3_w1", "igcv3_wd2"),
    "menet": ("menet128_8x1_g4", "menet348_12x1_g3"),
    "peleenet": ("peleenet",),
    "sparsenet": ("sparsenet121",),
    "squeezenet": ("squeezenet_v1_1", "squeezeresnet_v1_1"),
}
# The library's models end in an average over 7 x 7: they are built for one size.
IMAGES = zoo.InputSpec(
    size=224,
    fixed=True,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)


@zoo.hookimpl
def zoo_models() -> Iterator[zoo.ModelSpec]:
    """Declare the models. Called whenever models are listed: import no torch here."""
    for family, names in FAMILIES.items():
        for name in names:
            yield zoo.ModelSpec(
                name=f"pytorchcv/{name}",
                build=partial(build, name),
                family=family,
                summary="of pytorchcv",
                input=IMAGES,
                requires=("pytorchcv",),
            )


def build(name: str, task: zoo.Task) -> nn.Module:
    """A model of the library with the classes and the channels of a task."""
    from pytorchcv.model_provider import get_model

    return get_model(name, num_classes=task.num_classes, in_channels=task.channels)
