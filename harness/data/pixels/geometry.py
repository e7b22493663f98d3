"""The exact images a model gets: size, channels, resize rule and normalisation. Imports no torch.

The rule, in order:
- `--img-size` wins;
- a model with no size of its own (an MLP) takes the data's, at most 64 px: its weights grow with every pixel;
- a pretrained or fixed-size model takes its own size;
- any other takes the data's size, but no less than 32 px or its minimum, and no more than its own size: small
  pictures are not blown up to 224 px for nothing.

A pretrained model sees what it was trained on: its mean and std, its interpolation, and a centre crop of the image
resized to size / crop_pct. A model from scratch gets mean and std of the training images, bilinear, no border lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.data.formats.sixteen_bits import FULL
from zoo import InputSpec, ZooError
from zoo.errors import USAGE

LARGEST_FREE_SIZE = 64  # of a model that takes any size
SMALLEST_CNN_SIZE = 32  # where five halvings still leave one pixel
IMAGENET_CROP = 0.875  # resize to 256, crop 224


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """`size` x `size` pixels in `channels` channels, cropped from an image whose short side is `short_side`.

    `stored_channels` is how many the pixels are kept in: grey is repeated to RGB only in a batch. `mean` and `std`
    are per channel of pixels in 0..1; None means those of the training images. `white_level` is the 16-bit value that
    becomes 255.
    """

    size: int
    channels: int
    stored_channels: int
    short_side: int
    interpolation: str = "bilinear"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    white_level: int = FULL

    @property
    def key(self) -> str:
        """Names everything that changes stored pixels; models with equal keys share them."""
        white = "" if self.white_level == FULL else f"-white{self.white_level}"
        return f"{self.stored_channels}x{self.size}of{self.short_side}-{self.interpolation}{white}"


def resolve(wanted: InputSpec, data_size: int, data_channels: int, img_size: int | None, pretrained: bool) -> Geometry:
    """What a model that wants `wanted` gets from images of `data_size` pixels (the median short side)."""
    size = _size(wanted, data_size, img_size, pretrained)
    channels = wanted.channels or data_channels
    return Geometry(
        size=size,
        channels=channels,
        stored_channels=_stored_channels(channels, data_channels),
        short_side=round(size / IMAGENET_CROP) if pretrained else size,
        interpolation=wanted.interpolation if pretrained else "bilinear",
        mean=wanted.mean if pretrained else None,
        std=wanted.std if pretrained else None,
    )


def _size(wanted: InputSpec, data_size: int, img_size: int | None, pretrained: bool) -> int:
    if img_size is not None:
        if img_size < wanted.min_size:
            raise ZooError(
                f"--img-size {img_size} is too small for this model, whose minimum is {wanted.min_size}",
                f"use --img-size {wanted.min_size} or more, or leave it out",
                USAGE,
            )
        return img_size
    if wanted.size is None:
        return max(min(data_size, LARGEST_FREE_SIZE), wanted.min_size)
    if pretrained or wanted.fixed:
        return wanted.size
    return min(wanted.size, max(data_size, SMALLEST_CNN_SIZE, wanted.min_size))


def _stored_channels(channels: int, data_channels: int) -> int:
    """Grey serves a model of any number of channels; RGB serves 3, and 1 as luma."""
    if data_channels in (1, channels):
        return data_channels
    if (data_channels, channels) == (3, 1):
        return 1
    raise ZooError(
        f"the model takes {channels} channels but the images have {data_channels}",
        "choose a model that takes any number of channels, such as fc_model",
    )
