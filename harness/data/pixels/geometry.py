"""The exact images a model gets: size, channels, resize rule and normalisation. Imports no torch.

The rule, in order:
- `--img-size` wins;
- a model with no size of its own (an MLP) takes the data's, at most 64 px: its weights grow with every pixel;
- a pretrained or fixed-size model takes its own size;
- any other takes the data's size, but no less than 32 px or its minimum, and no more than its own size: small
  pictures are not blown up to 224 px for nothing.

A pretrained model sees what its weights were evaluated on, as far as that is published: mean and std, interpolation,
and a crop of the image resized to size / crop_pct; at another `--img-size`, of the same share of the image. A model
from scratch gets mean and std of the training images, bilinear, and no more cropped than makes the image a square.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from harness.data.formats.sixteen_bits import FULL
from zoo import InputSpec, ZooError
from zoo.errors import USAGE
from zoo.specs import LARGEST_FREE_SIZE, SMALLEST_CNN_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """`size` x `size` pixels in `channels` channels, cropped from the middle of a resized image.

    With the `crop_mode` "center" its short side becomes `short_side`, with "squash" both do, with "border" the long
    one. What then lacks around it is black, but of the colour `mean` with "border".
    `stored_channels` is how many the pixels are kept in: grey is repeated to RGB only in a batch. `mean` and `std`
    are per channel of pixels in 0..1; None means those of the training images. `white_level` is the 16-bit value that
    becomes 255.
    """

    size: int
    channels: int
    stored_channels: int
    short_side: int
    interpolation: str = "bilinear"
    antialias: bool = True
    crop_mode: str = "center"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    white_level: int = FULL

    @property
    def key(self) -> str:
        """Names everything that changes stored pixels; models with equal keys share them."""
        crop = "-".join([self.crop_mode, *map(str, self.fill)])
        aliased = "" if self.antialias else "-aliased"
        white = "" if self.white_level == FULL else f"-white{self.white_level}"
        return f"{self.stored_channels}x{self.size}of{self.short_side}-{self.interpolation}{aliased}-{crop}{white}"

    @property
    def description(self) -> str:
        """What is done to an image, in a few words."""
        if self.mean is None or self.std is None:
            values = "mean and std of the training images"
        else:
            mean, std = (",".join(f"{value:.3g}" for value in values) for values in (self.mean, self.std))
            values = f"mean {mean}, std {std}"
        return f"{self.size} px of {self.short_side} ({self.crop_mode}, {self.interpolation}), {values}"

    @property
    def fill(self) -> tuple[int, ...]:
        """The colour around an image, for each channel; none where it is black."""
        return tuple(round(255 * value) for value in self.mean or ()) if self.crop_mode == "border" else ()


def resolve(wanted: InputSpec, data_size: int, data_channels: int, img_size: int | None, pretrained: bool) -> Geometry:
    """What a model that wants `wanted` gets from images of `data_size` pixels (the median short side)."""
    size = _size(wanted, data_size, img_size, pretrained)
    channels = wanted.channels or data_channels
    stored_channels = _stored_channels(channels, data_channels)
    if not pretrained:
        return Geometry(size=size, channels=channels, stored_channels=stored_channels, short_side=size)
    return Geometry(
        size=size,
        channels=channels,
        # A coloured border around a grey image cannot be kept in one channel.
        stored_channels=channels if wanted.crop_mode == "border" else stored_channels,
        short_side=floor(size / wanted.crop_pct) if wanted.crop_pct else size,
        interpolation=wanted.interpolation,
        antialias=wanted.antialias,
        crop_mode=wanted.crop_mode,
        mean=wanted.mean,
        std=wanted.std,
    )


def resized_sides(width: int, height: int, geometry: Geometry) -> tuple[int, int]:
    """Width and height that an image is resized to, rounded as torchvision's Resize and timm's ResizeKeepRatio do."""
    side = geometry.short_side
    if geometry.crop_mode == "squash":
        return side, side
    if geometry.crop_mode == "border":
        ratio = max(width / side, height / side)
        return max(round(width / ratio), 1), max(round(height / ratio), 1)
    if width <= height:
        return side, int(side * height / width)
    return int(side * width / height), side


def crop_offset(side: int, size: int) -> int:
    """Where a centred crop begins, negative where the image is too small: both as torchvision's CenterCrop rounds."""
    return -((size - side) // 2) if side < size else round((side - size) / 2.0)


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
