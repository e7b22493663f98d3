"""Which models make the best ensemble on the validation images: one after the other, the one that helps most.

Forward selection from a library of models: Caruana, Niculescu-Mizil, Crew and Ksikes (2004), Ensemble selection from
libraries of models, ICML; here of sets, in which a model stands once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.answers.ensembles.averaging import average
from results.ranking.metrics import top_error

if TYPE_CHECKING:
    import numpy as np

    Predictions = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One more member, and what the set is worth with it on the validation images: percent, and nats an image."""

    model: str
    error: float
    log_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The members in the order in which they were taken, of so many candidates."""

    steps: tuple[Step, ...]
    num_candidates: int
    num_images: int
    at_most: int


def forward_selection(candidates: Mapping[str, Sequence[Predictions]], num_classes: int, at_most: int) -> Search:
    """The best set of at most `at_most` of the candidates, of each its validation predictions by seed.

    The lowest error decides, of equal ones the lower log loss, both means over seeds; a larger set is taken only where
    it is better than each smaller one that led to it.
    """
    steps: list[Step] = []
    while len(steps) < min(at_most, len(candidates)):
        taken = [step.model for step in steps]
        left = (name for name in candidates if name not in taken)
        steps.append(min((_step(candidates, [*taken, name], num_classes) for name in left), key=_worth))
    best = min(range(len(steps)), key=lambda at: _worth(steps[at]))
    num_images = len(next(iter(candidates.values()))[0]["labels"])
    return Search(
        steps=tuple(steps[: best + 1]), num_candidates=len(candidates), num_images=num_images, at_most=at_most
    )


def _step(candidates: Mapping[str, Sequence[Predictions]], models: Sequence[str], num_classes: int) -> Step:
    averaged = [average(group, num_classes) for group in zip(*(candidates[name] for name in models), strict=True)]
    errors = [top_error(one, 1) for one in averaged]
    losses = [-float(one["label_log_prob"].mean()) for one in averaged]
    return Step(model=models[-1], error=sum(errors) / len(errors), log_loss=sum(losses) / len(losses))


def _worth(step: Step) -> tuple[float, float]:
    """What is least of the best; where an output is not finite there is no loss, and what has one comes first."""
    # Means of the same counts, added up in another order, differ in their last digits.
    return round(step.error, 9), step.log_loss if step.log_loss == step.log_loss else float("inf")
