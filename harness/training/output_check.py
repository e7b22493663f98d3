"""A model's forward pass, whose outputs are looked at before a loss is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.heads.proof import require_no_probabilities, shape_of


@dataclass(slots=True, kw_only=True)
class CheckedForward:
    """`forward`, whose outputs must be [B, num_classes], and no probabilities.

    Building a model has proved that on two images in eval mode; it may still do otherwise in train mode, or later.
    Shapes are looked at in every call. Values are at calls 1, 2, 4, 8 …, since the host has to wait for them.
    `has_aux` allows a tuple whose first part is the output, as models with auxiliary classifiers return in training.
    """

    forward: Callable[[Tensor], Any]
    num_classes: int
    has_aux: bool = False
    num_calls: int = 0

    def __call__(self, inputs: Tensor) -> Any:
        outputs = self.forward(inputs)
        main = outputs[0] if self.has_aux and isinstance(outputs, tuple) else outputs
        self._require_scores(main, len(inputs))
        self.num_calls += 1
        if self.num_calls & (self.num_calls - 1) == 0:
            require_no_probabilities(main)
        return outputs

    def _require_scores(self, scores: Any, num_images: int) -> None:
        if not isinstance(scores, Tensor) or scores.shape != (num_images, self.num_classes):
            mode = "training" if torch.is_grad_enabled() else "evaluation"
            cause = f"in {mode} the model returned {shape_of(scores)}, wanted [{num_images}, {self.num_classes}]"
            raise ZooError(cause, "return one tensor [batch, num_classes] in train mode and in eval mode")
        if torch.is_grad_enabled() and not scores.requires_grad:
            cause = "nothing in the model is trainable: in training no gradient flows from its output"
            raise ZooError(cause, "remove no_grad and detach from forward, and requires_grad_(False) from train")
