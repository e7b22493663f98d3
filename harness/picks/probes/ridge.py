"""Ridge regression, one class against the rest, each image judged by the fit without it: none is lost to validation.

All leave-one-out fits follow from one: the residual of an image without it is e / (1 - h), of a group without it
(I - H)^-1 e, where H is the group's block of the hat matrix (Allen 1974, Technometrics 16, 125-127; Hoaglin and Welsch
1978, The American Statistician 32, 17-22). The intercept is not penalised. Features are scaled once, by all images:
that uses no label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.picks.probes.scaling import Scaling

# Penalties as multiples of the mean squared length of an image's features: 13 half-decades.
SHARES = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class RidgeFit:
    """`loo_scores_NK` are of each image by the fit that has not seen it, nor its group; `predictions_N` their classes.

    `penalty` is the one of least squared error so, `share` as a multiple of the mean squared length, and `errors` has
    the mean squared error of each that was tried.
    """

    loo_scores_NK: Tensor
    predictions_N: Tensor
    penalty: float
    share: float
    errors: tuple[float, ...]


def fit(
    features_NF: Tensor,
    labels_N: Tensor,
    num_classes: int,
    units: Sequence[int] | None = None,
    shares: Sequence[float] = SHARES,
) -> RidgeFit:
    """Fit at each penalty, and keep the scores of that with the least squared error of what it has not seen.

    Images with equal `units` are left out together; there are at least two. Equally good penalties: the largest.
    """
    axes = _Axes.of(Scaling.of(features_NF)(features_NF))
    targets_NK = nn.functional.one_hot(labels_N, num_classes).to(axes.scores_NR)
    groups = _groups(units if units is not None else range(len(labels_N)), features_NF.device)
    length = float(axes.energies_R.sum()) / len(labels_N)
    best, errors = None, []
    for share in sorted(shares, reverse=True):
        left_NK = _left_out_residuals(axes, targets_NK, share * length, groups)
        errors.append(float(left_NK.square().mean()))
        if best is None or errors[-1] < best[0]:
            best = errors[-1], share, targets_NK - left_NK
    assert best is not None, "no penalty to fit with"
    _, share, scores_NK = best
    return RidgeFit(
        loo_scores_NK=scores_NK,
        predictions_N=scores_NK.argmax(1),
        penalty=share * length,
        share=share,
        errors=tuple(reversed(errors)),
    )


@dataclass(frozen=True, slots=True)
class _Axes:
    """Centred features on orthogonal axes: `scores_NR` of the images, `energies_R` the squared lengths of its columns.

    Of the two Gram matrices the smaller is taken apart.
    """

    scores_NR: Tensor
    energies_R: Tensor

    @classmethod
    def of(cls, centred_NF: Tensor) -> _Axes:
        num_images, num_features = centred_NF.shape
        dual = num_images <= num_features
        energies_R, axes = torch.linalg.eigh(centred_NF @ centred_NF.T if dual else centred_NF.T @ centred_NF)
        energies_R = energies_R.clamp(min=0)
        return cls(axes * energies_R.sqrt() if dual else centred_NF @ axes, energies_R)


def _left_out_residuals(axes: _Axes, targets_NK: Tensor, penalty: float, groups: Sequence[Tensor]) -> Tensor:
    """Target less score of each image by the fit without its group; `groups` are rows [G, m], m in a group."""
    num_images = len(targets_NK)
    centred_NK = targets_NK - targets_NK.mean(0)
    weights_NR = axes.scores_NR / (axes.energies_R + penalty)
    residuals_NK = centred_NK - weights_NR @ (axes.scores_NR.T @ centred_NK)
    left_NK = torch.empty_like(residuals_NK)
    for rows_Gm in groups:
        hat_Gmm = weights_NR[rows_Gm] @ axes.scores_NR[rows_Gm].mT + 1 / num_images
        others_Gmm = torch.eye(rows_Gm.shape[1]).to(hat_Gmm) - hat_Gmm
        left_NK[rows_Gm] = torch.linalg.solve(others_Gmm, residuals_NK[rows_Gm])
    return left_NK


def _groups(units: Sequence[int], device: torch.device) -> list[Tensor]:
    """The rows of all units, those of one size in one tensor [G, m]."""
    members: dict[int, list[int]] = defaultdict(list)
    for row, unit in enumerate(units):
        members[unit].append(row)
    assert len(members) > 1, "one group alone cannot be left out"
    by_size: dict[int, list[list[int]]] = defaultdict(list)
    for rows in members.values():
        by_size[len(rows)].append(rows)
    return [torch.tensor(rows, device=device) for rows in by_size.values()]
