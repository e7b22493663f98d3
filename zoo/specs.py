"""What plugins declare: models, datasets, and the task a model is built for. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.options import Options, require_declarable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from torch import Tensor, nn

    from zoo.weights_source import WeightsSource

SPLITS = ("train", "val", "test")
USUAL_SIZE = 224  # of images, for models that were designed for no size of their own
LARGEST_FREE_SIZE = 64  # of a run's images, for such models
SMALLEST_CNN_SIZE = 32  # where five halvings still leave one pixel, for all others
CROP_MODES = ("center", "squash", "border")
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos", "nearest", "nearest-exact", "box", "hamming")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a model is built for: images [B, `channels`, `image_size`, `image_size`] of `num_classes` classes.

    `image_size` is what --img-size says; else that of `InputSpec(size=...)`, which pretrained weights and a fixed size
    are always built for, and other models at most; else the median short side of the data's images, at most 64.
    Never less than `min_size`. `channels` is that of `InputSpec(channels=...)`: grey images are then repeated in three
    channels, and coloured ones become grey in one; without it what the data have, 1 or 3. A builder may ignore
    `num_classes`, or accept no other than its own: its classifier is then exchanged.
    `weights` is None for random initialisation, "default" for the library's default pretrained weights, or the
    name of one of the model's pretrained tags. The builder loads them; it may keep the head of the pretrained
    model, because the harness replaces the head afterwards.
    `options` has a value for each option that the spec declares.
    """

    num_classes: int
    image_size: int
    channels: int
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def for_model(
        cls,
        spec: ModelSpec,
        num_classes: int,
        *,
        image_size: int | None = None,
        channels: int | None = None,
        weights: str | None = None,
    ) -> Task:
        """The task of telling `num_classes` apart on images such as `spec` wants, but for what is given here."""
        wanted = spec.input_for(weights)
        return cls(
            num_classes=num_classes,
            image_size=image_size or wanted.size or USUAL_SIZE,
            channels=channels or wanted.channels or 3,
            weights=weights,
            options=spec.options,
        )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Of one image: channels, height, width."""
        return self.channels, self.image_size, self.image_size


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """The images a model wants. None means: take what the dataset has.

    `size` is the side in pixels of the square image the model was designed for, `min_size` the smallest side it
    runs on, `fixed` whether it must be built for one exact size. `mean` and `std` are per channel, of pixels in 0..1.

    The others say, in timm's words, what the model's weights were evaluated on. An image is resized to
    size / `crop_pct`, rounded down (None: to the size itself), and the `size` in its middle is cropped.
    `crop_mode` is "center" where its short side is resized so, "squash" where both are, "border" where the long one
    is and the mean is laid around it. `antialias` is of images that are tensors: Pillow always smooths.
    `caveat` is what of all that cannot be had here; every row of the model says it.
    Raises ZooError for words that nothing here could follow.
    """

    size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    channels: int | None = None
    fixed: bool = False
    min_size: int = 1
    interpolation: str = "bilinear"
    antialias: bool = True
    # A fraction where a library publishes two sizes: no rounding of 224/232 must cost a pixel.
    crop_pct: float | Fraction | None = None
    crop_mode: str = "center"
    caveat: str = ""

    def __post_init__(self) -> None:
        _require_known("interpolation", self.interpolation, INTERPOLATIONS)
        _require_known("crop_mode", self.crop_mode, CROP_MODES)
        if self.crop_pct is not None and not self.crop_pct > 0:
            raise ZooError(f"crop_pct is {self.crop_pct}", "give the share of the resized side that is cropped")
        if self.crop_mode == "border" and self.mean is None:
            raise ZooError('crop_mode "border" has no colour for the border', "give the mean")


Build = Callable[[Task], "nn.Module"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One architecture that a plugin offers.

    `build` makes it: a function of a `Task`, or its name as "module:function", imported only when needed. The
    module maps images [B, C, H, W] to logits or log-probabilities [B, num_classes].
    `head` is the dotted name of the classifier where the harness should not search for it.
    `input` is an `InputSpec`, or a function of the weights' name (None, "default" or a tag) that returns one,
    for libraries that would have to be imported to know it.
    `weights` names the pretrained tags that `Task.weights` may carry; the first is the default.
    `require_weights`, called with "default" or a tag before a run begins, raises ZooError where these weights are
    neither here nor within reach. `weights_source`, called with a tag, says where these weights are or come from, so
    that many can be looked for, and fetched, before any model is built.
    `convert_weights`, called with a file's tensors by name and the model that does not take them so, returns them as
    its library takes them today: under its present names, resampled for the model's image size.
    `requires` names top-level modules without which the model cannot be built.
    `tags` are words that select sets of models, such as "starter".
    `options` are what a person may set, with their defaults: {"width": 64} makes `mine/tiny[width=32]` and
    `--set mine/tiny.width=32`, which the builder gets as `task.options["width"]`. A default is a switch, a number, a
    word or a tuple of whole numbers (512-256-128), and what is set is of its type.
    `own_task`, called with the plain values that a file keeps beside its tensors (ints, texts, lists of ints …),
    returns the task that the saved model was built for, or None where the file is not of this model.
    `expected_failures` are checks of `zoo.testing` that the model is known to fail, each with the reason.
    """

    name: str
    build: Build | str
    head: str | None = None
    family: str = ""
    summary: str = ""
    input: InputSpec | Callable[[str | None], InputSpec] = field(default_factory=InputSpec)
    requires: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    weights: tuple[str, ...] = ()
    require_weights: Callable[[str], None] | None = None
    weights_source: Callable[[str], WeightsSource] | None = None
    convert_weights: Callable[[dict[str, Tensor], nn.Module], Mapping[str, Tensor]] | None = None
    options: Options = field(default_factory=dict, hash=False)
    own_task: Callable[[Mapping[str, Any]], Task | None] | None = None
    expected_failures: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        require_declarable(self.options)

    def input_for(self, weights: str | None) -> InputSpec:
        """The images this model wants when it carries `weights`."""
        return self.input if isinstance(self.input, InputSpec) else self.input(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Labelled images: a uint8 tensor [N, C, H, W], or paths of image files, and one label 0..K-1 for each.

    Arrays, channels last, floats in 0..1, and lists of images or of PIL images of one size are taken too, and labels of
    any library, where no other meaning is possible.
    """

    images: Tensor | Sequence[Path]
    labels: Sequence[int]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImages:
    """An opened dataset. `val` and `test` are None where the dataset does not define them: the harness splits."""

    classes: tuple[str, ...]
    train: Split
    val: Split | None = None
    test: Split | None = None

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that the dataset defines, by name."""
        named = {name: getattr(self, name) for name in SPLITS}
        return {name: split for name, split in named.items() if split is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """One dataset that a plugin offers. `open(data_dir)` reads it, downloading into `data_dir` if it must."""

    name: str
    open: Callable[[Path | None], LabelledImages] | str
    num_classes: int
    summary: str = ""


def _require_known(field_name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ZooError(f"{field_name} is {value!r}", f"use one of: {', '.join(known)}")


def resolve(target: Callable[..., Any] | str) -> Callable[..., Any]:
    """A function given as itself or as "module:function"."""
    if not isinstance(target, str):
        return target
    module, _, attribute = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), attribute)
    return function
