"""Images through a frozen backbone, to the features that its head is trained on.

Training only a head on them gives the losses of the plain path: a frozen backbone in eval mode maps an image to
the same features each time.

Features are kept by all that decides them. Equal tensors do not: efficientnet_lite0 and tf_efficientnet_lite0 have the
same and pad their images differently. So the key has what the backbone makes of one image as well, which no name, file
or version can stand for where a forward pass depends on what no tensor holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from harness.data.batches.room import require_room
from harness.training.feature_store import Features, FeatureStore
from harness.training.frozen.backbone import Backbone, fast_backbone
from harness.training.row_buffer import RowBuffer
from zoo.heads import tap

if TYPE_CHECKING:
    from harness.data.batches.batches import Batch, Batches, PixelBatches
    from harness.data.batches.share import Share
    from harness.training.numerics import DeviceNumerics
    from zoo.building import BuiltModel


# Of one batch on a CPU, 24 images of 224 pixels: all of the blocks that a backbone's layers take it in are then full
# (frozen/blocking.py, frozen/winograd.py).
BATCH_BYTES = 14 * 2**20


@dataclass(kw_only=True)
class Extractor:
    """The frozen backbone of one model; `pixels` names the images and their geometry.

    `num_rows` is how many features a trial keeps in all: there must be room for them, or NoRoom is raised. `content` is
    the model's `weights_hash` where it is known. `note` is told where the backbone runs no faster than it is. `reduce`
    makes of each batch's features what is kept of them, and `reduced` names it in their key.
    """

    built: BuiltModel
    numerics: DeviceNumerics
    store: FeatureStore
    pixels: str
    num_rows: int = 0
    content: str = ""
    note: Callable[[str], None] = lambda text: None
    reduce: Callable[[Tensor], Tensor] = lambda rows: rows
    reduced: str = ""

    def split(self, name: str, images: PixelBatches) -> Features:
        """Features of a split as it is, in its own order."""
        key = f"{self._key(images)}-{name}"
        return self.store.get(key, lambda: self._extract(images.eval(BATCH_BYTES), images.num_images))

    def view(self, images: PixelBatches, view: int) -> Features:
        """Features of the training images as augmentation draws them for epoch `view`, in that epoch's order."""
        changes = getattr(images.augment, "__name__", "none")
        key = f"{self._key(images)}-train-{images.seed}-{changes}-view{view}"
        return self.store.get(key, lambda: self._extract(images.train(view), images.num_images))

    def _key(self, images: PixelBatches) -> str:
        """All that decides the features of these images, but for the view."""
        if not self._backbone:
            content = self.content or weights_hash(self.built.model, self.built.head.names)
            self._backbone = f"{content}-{self._answer(images)}"
        numerics = f"{self.numerics.precision}-{self.numerics.memory_format}-{self.numerics.device.type}"
        chosen = _digest([images.rows, images.labels])
        return f"{self._backbone}-{'+'.join(self.built.head.tap)}{self.reduced}-{self.pixels}-{chosen}-{numerics}"

    def _answer(self, images: PixelBatches) -> str:
        """A hash of what the plain backbone makes of the first image: the same to the bit where all is the same."""
        first_1CHW = next(iter(images.eval(1)))[0][:1]
        with torch.inference_mode(), self.numerics.autocast():
            answer = tap.features(self.built.model.eval(), self.built.head, first_1CHW)
        if self.numerics.amp_dtype is None and first_1CHW.device.type == "cpu":
            self._known = first_1CHW, answer  # in full float32: the faster copy is held against it
        return _digest([answer])

    @property
    def ran(self) -> str:
        """Which rewriting of the backbone computed features here, or why none did; "" where none were computed."""
        return self._ready.ran if self._ready else ""

    def _extract(self, batches: Iterable[Batch], num_images: int) -> Features:
        features, labels = RowBuffer(num_images), []
        with torch.inference_mode():
            for images_BCHW, labels_B in batches:
                backbone = self._made_ready(images_BCHW)
                with self.numerics.autocast():
                    rows = self.reduce(backbone(images_BCHW).float())
                if features.kept is None:
                    require_room(rows, max(self.num_rows, num_images))
                features.add(rows)
                labels.append(labels_B)
        return features.whole(), torch.cat(labels)

    def _made_ready(self, images_BCHW: Tensor) -> Backbone:
        if self._ready is None:
            built, dtype = self.built, self.numerics.amp_dtype
            self._ready = fast_backbone(built.model, built.head, images_BCHW, dtype, self.note, self._known)
        return self._ready

    _ready: Backbone | None = field(default=None, init=False)
    _backbone: str = field(default="", init=False)
    _known: tuple[Tensor, Tensor] | None = field(default=None, init=False)


@dataclass(frozen=True, slots=True)
class ViewBatches:
    """Training batches whose images change from epoch to epoch, among a fixed number of cached views."""

    views: tuple[Batches, ...]
    share: Share | None = None

    @property
    def num_batches(self) -> int:
        return self.views[0].num_batches

    @property
    def sizes(self) -> list[int]:
        return self.views[0].sizes

    @property
    def num_images(self) -> int:
        return self.views[0].num_images

    def train(self, epoch: int) -> Iterator[Batch]:
        return self.views[epoch % len(self.views)].train(epoch)

    def eval(self) -> Iterator[Batch]:
        return self.views[0].eval()


def weights_hash(model: nn.Module, heads: tuple[str, ...]) -> str:
    """A hash of every parameter and buffer of the model outside its heads."""
    inside = tuple(f"{name}." for name in heads)
    # Not of state_dict(): it leaves out the buffers that are not to be saved, which decide outputs like any other.
    tensors = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    outside = [(name, tensor) for name, tensor in sorted(tensors, key=itemgetter(0)) if not name.startswith(inside)]
    return _digest((tensor for _, tensor in outside), " ".join(name for name, _ in outside))


def has_body(model: nn.Module, heads: tuple[str, ...]) -> bool:
    """Whether the model has parameters outside its heads."""
    inside = tuple(f"{name}." for name in heads)
    return any(not name.startswith(inside) for name, _ in model.named_parameters())


def _digest(tensors: Iterable[Tensor], names: str = "") -> str:
    """A hash of the tensors' bytes, shapes and types, and of their `names`."""
    digest = hashlib.sha256(names.encode())
    for tensor in tensors:
        digest.update(f"{tuple(tensor.shape)}{tensor.dtype}".encode())
        # Flat, then as bytes: a scalar cannot be reinterpreted, and numpy knows no bfloat16.
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]
