"""Images through a frozen backbone, to the features that its head is trained on.

Training only a head on them gives the losses of the plain path: a frozen backbone in eval mode maps an image to
the same features each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from harness.data.batches.room import require_room
from harness.training.feature_store import Features, FeatureStore
from harness.training.frozen.backbone import fast_backbone
from harness.training.row_buffer import RowBuffer

if TYPE_CHECKING:
    from harness.data.batches.batches import Batch, Batches, PixelBatches
    from harness.training.numerics import DeviceNumerics
    from zoo.building import BuiltModel


# Of one batch on a CPU, 24 images of 224 pixels: all of the blocks that a backbone's layers take it in are then full
# (frozen/blocking.py, frozen/winograd.py).
BATCH_BYTES = 14 * 2**20


@dataclass(kw_only=True)
class Extractor:
    """The frozen backbone of one model; `pixels` names the images and their geometry.

    `num_rows` is how many features a trial keeps in all: there must be room for them, or NoRoom is raised.
    """

    built: BuiltModel
    numerics: DeviceNumerics
    store: FeatureStore
    pixels: str
    num_rows: int = 0

    def split(self, name: str, images: PixelBatches) -> Features:
        """Features of a split as it is, in its own order."""
        return self.store.get(f"{self._key}-{name}", lambda: self._extract(images.eval(BATCH_BYTES), images.num_images))

    def view(self, images: PixelBatches, view: int) -> Features:
        """Features of the training images as augmentation draws them for epoch `view`, in that epoch's order."""
        key = f"{self._key}-train-{images.seed}-view{view}"
        return self.store.get(key, lambda: self._extract(images.train(view), images.num_images))

    @cached_property
    def _key(self) -> str:
        weights = weights_hash(self.built.model, self.built.head.names)
        return f"{weights}-{'+'.join(self.built.head.tap)}-{self.pixels}-{self.numerics.precision}"

    def _extract(self, batches: Iterable[Batch], num_images: int) -> Features:
        features, labels = RowBuffer(num_images), []
        with torch.inference_mode():
            for images_BCHW, labels_B in batches:
                backbone = self._made_ready(images_BCHW)
                with self.numerics.autocast():
                    rows = backbone(images_BCHW).float()
                if features.kept is None:
                    require_room(rows, max(self.num_rows, num_images))
                features.add(rows)
                labels.append(labels_B)
        return features.whole(), torch.cat(labels)

    def _made_ready(self, images_BCHW: Tensor) -> Callable[[Tensor], Tensor]:
        if self._ready is None:
            self._ready = fast_backbone(self.built.model, self.built.head, images_BCHW, self.numerics.amp_dtype)
        return self._ready

    _ready: Callable[[Tensor], Tensor] | None = field(default=None, init=False)


@dataclass(frozen=True, slots=True)
class ViewBatches:
    """Training batches whose images change from epoch to epoch, among a fixed number of cached views."""

    views: tuple[Batches, ...]

    @property
    def num_batches(self) -> int:
        return self.views[0].num_batches

    @property
    def num_images(self) -> int:
        return self.views[0].num_images

    def train(self, epoch: int) -> Iterator[Batch]:
        return self.views[epoch % len(self.views)].train(epoch)

    def eval(self) -> Iterator[Batch]:
        return self.views[0].eval()


def weights_hash(model: nn.Module, heads: tuple[str, ...]) -> str:
    """A hash of every tensor of the model outside its heads."""
    inside = tuple(f"{name}." for name in heads)
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if not name.startswith(inside):
            digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            # Flat, then as bytes: a scalar cannot be reinterpreted, and numpy knows no bfloat16.
            digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]
