"""What a dataset's plugin gives: taken where its meaning is sure, refused by name where it is not.

The rest of the harness knows uint8 tensors [N, C, H, W] and paths. People hold images as their libraries do: arrays
with the channels last, floats in 0..1, PIL images in a list, labels that are NumPy's or torch's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from results.sanitize import plain
from zoo import LabelledImages, Split, ZooError
from zoo.manager.problem import raised
from zoo.specs import resolve

if TYPE_CHECKING:
    from zoo import DatasetSpec

ACCEPTED = (
    "give a uint8 tensor [N, C, H, W] or array [N, H, W, C], floats in 0..1 of these shapes, a list of such images or "
    "of PIL images of one size, or paths; and a whole number as label of each"
)
MOST_CHANNELS = 4  # an axis as short as that is one of channels, where the others are longer
AS_RGB = {"RGB", "P", "CMYK", "YCbCr", "HSV", "LAB"}
AS_GREY = {"L", "1"}


class _Unclear(Exception):
    """Images or labels whose meaning is not sure; the text says which and why."""


def open_plugins(spec: DatasetSpec, data_dir: Path | None) -> tuple[LabelledImages, tuple[str, ...]]:
    """The images of a plugin's dataset, and what is to be said of them.

    Raises ZooError that names the dataset, what is wrong, and what is accepted.
    """
    images = _opened(spec, data_dir)
    if not isinstance(images, LabelledImages):
        raise _refused(spec, f"its open() returned {type(images).__name__}, not zoo.LabelledImages")
    classes = _classes(spec, images.classes)
    splits = {}
    for name, split in {"train": images.train, **images.splits}.items():
        try:
            splits[name] = _taken(split)
        except _Unclear as error:
            raise _refused(spec, f"{name} part: {error}") from None
    is_rounded = any(_are_floats(split.images) for split in images.splits.values())
    notes = ("the dataset's images are floats: rounded to 256 levels",) if is_rounded else ()
    return replace(images, classes=classes, **splits), notes


def _opened(spec: DatasetSpec, data_dir: Path | None) -> object:
    """What the dataset's own function returns. Raises ZooError with the line of what it raises."""
    try:
        return resolve(spec.open)(data_dir)
    except ZooError:
        raise
    except (Exception, SystemExit) as error:  # whatever a plugin raises: it is named as the dataset's
        problem = raised(error, f"dataset {spec.name!r} could not be opened")
        place = f", at {problem.place}" if problem.place else ""
        raise ZooError(f"{plain(problem.cause)[:300]}{place}", "its traceback: --debug") from error


def _classes(spec: DatasetSpec, classes: Any) -> tuple[str, ...]:
    """The names of the classes as text. Raises ZooError where they are none, or not as many as the spec says."""
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        cause = f"dataset {spec.name!r}, its classes are {plain(_described(classes))}"
        raise ZooError(cause, "give the names of all classes: classes=('cat', 'dog')")
    names = tuple(map(str, classes))
    if spec.num_classes != len(names):
        cause = (
            f"dataset {spec.name!r} declares num_classes={spec.num_classes!r}, its open() returned {len(names)} classes"
        )
        raise ZooError(cause, f"declare as many as there are: zoo.DatasetSpec(…, num_classes={len(names)})")
    return names


def _refused(spec: DatasetSpec, why: str) -> ZooError:
    return ZooError(f"dataset {spec.name!r}, {plain(why)}", ACCEPTED)


def _taken(split: Any) -> Split:
    if not isinstance(split, Split):
        raise _Unclear(f"is {type(split).__name__}, not zoo.Split")
    return Split(images=_images(split.images), labels=_labels(split.labels))


def _labels(labels: Any) -> list[int]:
    """Labels as Python's own integers."""
    if not isinstance(labels, Iterable):
        raise _Unclear(f"its labels are {_described(labels)}")
    items = labels.tolist() if isinstance(labels, Tensor | np.ndarray) else list(labels)
    if all(type(item) is int for item in items):
        return items
    return [_label(item, number) for number, item in enumerate(items)]


def _label(item: Any, number: int) -> int:
    try:
        return index(item)
    except (TypeError, ValueError):
        raise _Unclear(f"label {number} is {_described(item)}") from None


def _images(images: Any) -> Tensor | Sequence[Path]:
    if isinstance(images, Tensor | np.ndarray):
        return _batch(images)
    if not isinstance(images, Sequence) or isinstance(images, str | bytes):
        raise _Unclear(f"its images are {_described(images)}")
    if all(isinstance(item, str | os.PathLike) for item in images):
        return [Path(item) for item in images]
    return _stacked(images)


def _stacked(images: Sequence[Any]) -> Tensor:
    """One tensor of images that came one by one, all of one size."""
    pixels = [_one(item, number) for number, item in enumerate(images)]
    _require_one_layout(images)
    channels = {len(image) for image in pixels}
    if channels == {1, 3}:
        pixels = [image.expand(3, -1, -1) for image in pixels]
    for number, image in enumerate(pixels):
        if image.shape != pixels[0].shape:
            wanted, found = (" x ".join(map(str, one.shape)) for one in (pixels[0], image))
            raise _Unclear(f"image {number} is {found} (channels x height x width), the first {wanted}")
    return torch.stack(pixels)


def _require_one_layout(images: Sequence[Any]) -> None:
    """Raise _Unclear where some have their channels first and others last: whoever mixed them meant something else."""
    first: dict[bool, int] = {}
    for number, item in enumerate(images):
        if isinstance(item, Tensor | np.ndarray) and item.ndim == 3:
            first.setdefault(_channels_are_last(torch.as_tensor(item)[None], item[None]), number)
    if len(first) == 2:
        raise _Unclear(f"image {first[False]} has its channels first, image {first[True]} has them last")


def _one(item: Any, number: int) -> Tensor:
    """One image as uint8 [C, H, W]."""
    try:
        if isinstance(item, Image.Image):
            return _batch(np.array(_flat(item))[None])[0]
        if isinstance(item, Tensor | np.ndarray):
            return _batch(item[None])[0]
    except _Unclear as error:
        raise _Unclear(f"image {number}: {error}") from None
    raise _Unclear(f"image {number} is {_described(item)}")


def _flat(image: Image.Image) -> Image.Image:
    if image.mode in AS_GREY:
        return image.convert("L")
    if image.mode in AS_RGB and "transparency" not in image.info:
        return image.convert("RGB")
    raise _Unclear(f"a PIL image of mode {image.mode} or with transparency; convert it to L or RGB")


def _batch(images: Tensor | np.ndarray[Any, Any]) -> Tensor:
    """Images of one size as uint8 [N, C, H, W]."""
    if isinstance(images, np.ndarray) and images.dtype.kind not in "uif":
        raise _Unclear(f"its images are {_described(images)}")
    pixels = torch.as_tensor(images).detach().cpu()
    if pixels.ndim == 3:
        pixels = pixels.unsqueeze(1)
    elif pixels.ndim != 4:
        raise _Unclear(f"its images are {_described(images)}")
    elif _channels_are_last(pixels, images):
        pixels = pixels.permute(0, 3, 1, 2)
    return _eight_bits(pixels, images).contiguous()


def _channels_are_last(pixels: Tensor, given: Tensor | np.ndarray[Any, Any]) -> bool:
    """Whether [N, H, W, C] is meant. A tensor of images is [N, C, H, W] unless it cannot be."""
    first, last = pixels.shape[1] <= MOST_CHANNELS, pixels.shape[3] <= MOST_CHANNELS
    if isinstance(given, np.ndarray) and first == last:
        raise _Unclear(f"which axis has the channels of {_described(given)} is not clear")
    return last and not first


def _eight_bits(pixels: Tensor, given: Tensor | np.ndarray[Any, Any]) -> Tensor:
    if pixels.dtype == torch.uint8:
        return pixels
    if not pixels.is_floating_point():
        raise _Unclear(f"its images are {_described(given)}")
    low, high = (float(value) for value in torch.aminmax(pixels)) if pixels.numel() else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # also true of NaN
        raise _Unclear(f"its images are {_described(given)} of {low:.3g}..{high:.3g}")
    exact = pixels if pixels.dtype == torch.float64 else pixels.float()
    return exact.mul(255).round().to(torch.uint8)


def _are_floats(images: Any) -> bool:
    """Whether images that were taken came as floats."""
    first = images[0] if isinstance(images, Sequence) and len(images) else images
    return isinstance(first, Tensor | np.ndarray) and torch.as_tensor(first).is_floating_point()


def _described(value: Any) -> str:
    """A value's kind and, where it has them, type of number and shape."""
    if isinstance(value, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} {str(value.dtype).removeprefix('torch.')} of shape {list(value.shape)}"
    return f"{type(value).__name__} {value!r:.40}"
