"""Answers of simulated models whose true error is known: hard and easy images, lucky and unlucky seeds."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

# How far images differ in difficulty, for all models alike and for one of them; the noise of an answer is 1.
SHARED, OWN = 1.8, 0.6


@dataclass(frozen=True, slots=True)
class World:
    """Test images drawn anew each time; `seed_effect` is how far seeds of one model differ."""

    num_images: int
    seed_effect: float = 0.0

    def answers(self, generator, errors, num_seeds):
        """For each true error rate (0 to 1) one model: bool [S, N], True where right, on the same images."""
        shared = SHARED * generator.normal(size=self.num_images)
        return [self._answers(generator, shared, error, num_seeds) for error in errors]

    def _answers(self, generator, shared, error, num_seeds):
        spread = sqrt(1 + SHARED**2 + OWN**2 + self.seed_effect**2)
        seeds = self.seed_effect * generator.normal(size=(num_seeds, 1))
        own = OWN * generator.normal(size=self.num_images)
        noise = generator.normal(size=(num_seeds, self.num_images))
        return NormalDist().inv_cdf(error) * spread + shared + own + seeds + noise <= 0
