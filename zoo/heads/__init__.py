"""Finding a model's classifier wherever it sits, replacing it, and proving that it worked."""

from __future__ import annotations

from zoo.heads.attach import attach
from zoo.heads.head import Head, HeadSpec
from zoo.heads.tap import features, logits_from_features

__all__ = ["Head", "HeadSpec", "attach", "features", "logits_from_features"]
