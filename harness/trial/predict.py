"""A trained model with all that new images need: the transform of its training, and the names of its classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch import Tensor, nn

from harness.data.batches.normalize import Normalizer
from harness.data.pixels.decode import decode, pixels_of
from harness.data.pixels.resize import needs_resize, resize
from harness.training.evaluate import probabilities
from harness.training.loss import main_logits

if TYPE_CHECKING:
    from harness.data.pixels.geometry import Geometry

    AnyImage = str | Path | Image.Image | Tensor


class Transform:
    """One image as the model saw its training images: the same functions, in the same order, to the same floats."""

    def __init__(self, geometry: Geometry, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        self.geometry = geometry
        self.normalize = Normalizer(mean, std, geometry.channels, torch.device("cpu"))

    def __call__(self, image: AnyImage) -> Tensor:
        """Normalised floats [C, S, S] from a file, a PIL image, or uint8 pixels [C, H, W].

        Raises OSError, or whatever Pillow raises for a file that it cannot read.
        """
        return self.normalize(self._pixels(image)[None])[0]

    def _pixels(self, image: AnyImage) -> Tensor:
        if isinstance(image, Tensor):
            return resize(image[None], self.geometry)[0] if needs_resize((1, *image.shape), self.geometry) else image
        if isinstance(image, Image.Image):
            return torch.from_numpy(pixels_of(image, self.geometry).copy())
        return torch.from_numpy(decode(Path(image), self.geometry).copy())


class TrainedModel(nn.Module):
    """`model` in eval mode on the CPU; called with images [B, C, S, S] it gives what `model` gives.

    `classes` are the names of its outputs, in order.
    """

    def __init__(self, model: nn.Module, classes: tuple[str, ...], transform: Transform) -> None:
        super().__init__()
        self.model, self.classes, self.transform = model, classes, transform
        self.eval()

    def forward(self, images_BCHW: Tensor) -> Any:
        return self.model(images_BCHW)

    @torch.inference_mode()
    def predict(self, *images: AnyImage) -> Tensor:
        """Probabilities [N, K] of the classes, a row for each file, PIL image, or tensor of uint8 pixels [C, H, W]."""
        images_NCHW = torch.stack([self.transform(image) for image in images])
        return probabilities(main_logits(self.model(images_NCHW)))
