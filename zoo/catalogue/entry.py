"""One pretrained model as the catalogue knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """An architecture with one set of pretrained weights, at the image size that these were trained for.

    `param_count`, `macs` and `activations` (outputs of convolution and linear layers) are of one image of `channels` x
    `img_size` x `img_size` and of the published classifier, where there is one. `mean` to `crop_mode` are those of
    `zoo.InputSpec`. `license` is what the library says of the weights, in lower case; "" where it says nothing.
    `num_bytes` is the size of the file where the library says it (torchvision), else an estimate: four bytes for each
    number of the model's state. `published_top1`, in percent, is the library's own figure on ImageNet-1k at
    `published_img_size`; None where it has none.
    """

    model: str
    tag: str
    library: Literal["timm", "torchvision"]
    family: str
    param_count: int
    macs: int
    activations: int
    img_size: int
    is_fixed_size: bool
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float | Fraction
    crop_mode: str
    license: str
    num_bytes: int
    published_top1: float | None
    published_img_size: int | None

    @property
    def name(self) -> str:
        """What a person types: a bare name would mean random weights."""
        return f"{self.model}.{self.tag}"
