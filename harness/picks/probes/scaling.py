"""Features with mean 0 and standard deviation 1, as linear classifiers with one penalty for all want them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

# A feature that moves less than this share of its size is constant, but for the rounding of float32.
CONSTANT = 1e-6


@dataclass(frozen=True, slots=True)
class Scaling:
    """Learnt of some images, applied to any. `inverse_F` is 0 for a constant feature, which is left out so."""

    mean_F: Tensor
    inverse_F: Tensor

    @classmethod
    def of(cls, features_NF: Tensor) -> Scaling:
        """By mean and population standard deviation, in float64."""
        features_NF = features_NF.double()
        mean_F, std_F = features_NF.mean(0), features_NF.std(0, correction=0)
        moves_F = std_F > CONSTANT * features_NF.abs().amax(0)
        return cls(mean_F, moves_F / std_F.where(moves_F, 1.0))

    def __call__(self, features_NF: Tensor) -> Tensor:
        return (features_NF.double() - self.mean_F) * self.inverse_F
