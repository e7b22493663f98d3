"""Pillow's images resized and cropped: pixel for pixel as timm's and torchvision's evaluation transforms do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from harness.data.pixels.geometry import crop_offset, resized_sides
from zoo.specs import INTERPOLATIONS

if TYPE_CHECKING:
    from harness.data.pixels.geometry import Geometry

# Pillow's nearest is what torch calls exact.
RESAMPLING = {name: Image.Resampling[name.removesuffix("-exact").upper()] for name in INTERPOLATIONS}


def resized_and_cropped(image: Image.Image, geometry: Geometry) -> Image.Image:
    """The square that `geometry` wants of an image."""
    sides = resized_sides(image.width, image.height, geometry)
    resized = image if sides == image.size else image.resize(sides, RESAMPLING[geometry.interpolation])
    return _cropped(resized, geometry)


def _cropped(image: Image.Image, geometry: Geometry) -> Image.Image:
    size = geometry.size
    if image.size == (size, size):
        return image
    left, top = crop_offset(image.width, size), crop_offset(image.height, size)
    if not geometry.fill:
        return image.crop((left, top, left + size, top + size))  # black where it reaches beyond the image
    square = Image.new(image.mode, (size, size), geometry.fill)
    square.paste(image, (-left, -top))
    return square
