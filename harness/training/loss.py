"""The one loss: cross-entropy, on logits or log-probabilities, with auxiliary outputs where a model has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

# Szegedy et al. 2014 (GoogLeNet), section 5: the auxiliary classifiers' losses are weighted by 0.3.
AUX_WEIGHT = 0.3


def cross_entropy(outputs: Tensor | Sequence[Tensor | None], labels_B: Tensor) -> Tensor:
    """Mean cross-entropy of outputs [B, K] in float32.

    Log-softmax is idempotent, so log-probabilities give the loss and the gradients of `NLLLoss`. Tuples are what
    googlenet and inception_v3 return in train mode: the logits, then auxiliary logits.
    """
    if isinstance(outputs, Tensor):
        return F.cross_entropy(outputs.float(), labels_B)
    main, *auxiliary = outputs
    assert main is not None
    losses = [F.cross_entropy(aux.float(), labels_B) for aux in auxiliary if aux is not None]
    return F.cross_entropy(main.float(), labels_B) + AUX_WEIGHT * sum(losses, main.new_zeros(()))


def main_logits(outputs: Any) -> Tensor:
    """The logits [B, K] in float32, whatever comes beside them."""
    logits = outputs if isinstance(outputs, Tensor) else outputs[0]
    return logits.float()
