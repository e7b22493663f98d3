"""Multinomial logistic regression by L-BFGS, its penalty chosen by the log-loss on validation images.

It minimises what scikit-learn's LogisticRegression does at the same C (Pedregosa et al. 2011, Journal of Machine
Learning Research 12, 2825-2830): C times the summed log-loss plus half the squared weights, the intercept free; of two
classes only one has weights. Features are scaled by the training images and turned onto their axes, which changes
nothing but how fast the minimum comes: on each axis a weight is measured in units of about its own uncertainty, or the
features of networks, of which a few axes hold nearly all, would take thousands of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.picks.probes.scaling import Scaling
from zoo.errors import ZooError

DECADES = tuple(10.0**exponent for exponent in range(-4, 3))
# Values of C in a row without a better log-loss, after which larger ones are not tried: they take the most steps.
PATIENCE = 1
# Largest slope of the mean loss: to choose a C, and of the fit that is kept, whose probabilities are then exact beyond
# 1e-6. Between them L-BFGS would need differences of losses that float64 has not; Newton's steps need none.
NEAR, EXACT = 1e-5, 1e-10
MOST_STEPS, MOST_NEWTON, MOST_CONJUGATE = 2000, 20, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """Log-probabilities of the M validation images at `c`, the C of least log-loss; `losses` of those that were tried.

    `is_converged` says whether the fit is at its minimum.
    """

    val_log_probs_MK: Tensor
    predictions_M: Tensor
    c: float
    losses: tuple[float, ...]
    is_converged: bool


def fit(
    features_NF: Tensor,
    labels_N: Tensor,
    val_features_MF: Tensor,
    val_labels_M: Tensor,
    num_classes: int,
    cs: Sequence[float] = DECADES,
) -> LogisticFit:
    """Fit at each C from the smallest on, each from where the one before ended. Equally good: the smallest.

    Raises ZooError where no C has a finite log-loss on the validation images.
    """
    scaling = Scaling.of(features_NF)
    inputs_NR, val_inputs_MR = _on_their_axes(scaling(features_NF), scaling(val_features_MF))
    targets_NK = nn.functional.one_hot(labels_N, num_classes).to(inputs_NR)
    weights = inputs_NR.new_zeros(inputs_NR.shape[1] + 1, 1 if num_classes == 2 else num_classes)
    losses: list[float] = []
    best = 0.0, weights
    for c in sorted(cs):
        weights = _descended(_Loss.of(inputs_NR, targets_NK, c), weights)
        losses.append(float(nn.functional.nll_loss(_log_probs(weights, val_inputs_MR), val_labels_M)))
        if losses[-1] < min(losses[:-1], default=float("inf")):
            best = c, weights
        elif min(losses) < min(losses[-PATIENCE:]):
            break
    c, weights = best
    if not c:
        remedy = "look at its features: some are far out of the range of the training images'"
        raise ZooError("its features give no finite log-loss on the validation images", remedy)
    weights, is_converged = _polished(_Loss.of(inputs_NR, targets_NK, c), weights)
    log_probs_MK = _log_probs(weights, val_inputs_MR)
    return LogisticFit(
        val_log_probs_MK=log_probs_MK,
        predictions_M=log_probs_MK.argmax(1),
        c=c,
        losses=tuple(losses),
        is_converged=is_converged,
    )


def _on_their_axes(inputs_NF: Tensor, others_MF: Tensor) -> tuple[Tensor, Tensor]:
    """Both turned onto the principal axes of the first, of which there are no more than images or features."""
    if inputs_NF.shape[0] < inputs_NF.shape[1]:
        basis_FN, coordinates_NN = torch.linalg.qr(inputs_NF.T)
        inputs_NF, others_MF = coordinates_NN.T, others_MF @ basis_FN
    axes_RR = torch.linalg.eigh(inputs_NF.T @ inputs_NF)[1]
    return inputs_NF @ axes_RR, others_MF @ axes_RR


def _log_probs(weights: Tensor, inputs_NR: Tensor) -> Tensor:
    """Of weights [R + 1, K], the intercepts last; [R + 1, 1] are those of the second of two classes."""
    logits = torch.addmm(weights[-1], inputs_NR, weights[:-1])
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    return logits.log_softmax(1)


@dataclass(frozen=True, slots=True)
class _Loss:
    """Mean log-loss with half the squared weights, of weights in units [R + 1, 1]; `decays` are the penalty in these.

    Slopes are taken by hand, since autograd has its own threads.
    """

    inputs_NR: Tensor
    targets_NK: Tensor
    decays_R1: Tensor
    units: Tensor

    @classmethod
    def of(cls, inputs_NR: Tensor, targets_NK: Tensor, c: float) -> _Loss:
        """In units in which about every weight is curved by 1 where all classes are equally probable."""
        (num_images, num_classes), decay = targets_NK.shape, 1 / (c * len(targets_NK))
        curved_R1 = inputs_NR.square().sum(0)[:, None] / num_images * (num_classes - 1) / num_classes**2
        units_R1 = (curved_R1 + decay).rsqrt()
        return cls(
            inputs_NR * units_R1.T,
            targets_NK,
            decay * units_R1.square(),
            nn.functional.pad(units_R1, (0, 0, 0, 1), value=1.0),
        )

    def value_and_slope(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        log_probs_NK = _log_probs(weights, self.inputs_NR)
        mean = -(log_probs_NK * self.targets_NK).sum() / len(self.inputs_NR)
        value = mean + 0.5 * (self.decays_R1 * weights[:-1].square()).sum()
        return value, self._down(log_probs_NK.exp() - self.targets_NK, weights)

    def curvature(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """The product of the Hessian at `weights` with a direction."""
        probs_NK = _log_probs(weights, self.inputs_NR).exp()

        def product(direction: Tensor) -> Tensor:
            moves = torch.addmm(direction[-1], self.inputs_NR, direction[:-1])
            if moves.shape[1] == 1:
                moves = torch.cat([torch.zeros_like(moves), moves], dim=1)
            return self._down(probs_NK * (moves - (probs_NK * moves).sum(1, keepdim=True)), direction)

        return product

    def _down(self, errors_NK: Tensor, weights: Tensor) -> Tensor:
        """From changes of the logits to those of the weights, and the penalty's."""
        mean = errors_NK[:, -weights.shape[1] :] / len(self.inputs_NR)
        return torch.cat([self.inputs_NR.T @ mean + self.decays_R1 * weights[:-1], mean.sum(0, keepdim=True)])


def _descended(loss: _Loss, start: Tensor) -> Tensor:
    """Weights near the minimum."""
    weights = (start / loss.units).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=MOST_STEPS, tolerance_grad=NEAR, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        value, weights.grad = loss.value_and_slope(weights.detach())
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach() * loss.units


def _polished(loss: _Loss, start: Tensor) -> tuple[Tensor, bool]:
    """The minimum near `start` by Newton's method, and whether it was reached."""
    weights = start / loss.units
    for _ in range(MOST_NEWTON):
        slope = loss.value_and_slope(weights)[1]
        if float(slope.abs().max()) <= EXACT:
            return weights * loss.units, True
        weights = weights + _solved(loss.curvature(weights), -slope)
    return weights * loss.units, float(loss.value_and_slope(weights)[1].abs().max()) <= EXACT


def _solved(product: Callable[[Tensor], Tensor], right: Tensor) -> Tensor:
    """What `product` makes `right` of, to a thousandth: conjugate gradients."""
    solution, residual, direction = torch.zeros_like(right), right, right
    square = start = float(residual.square().sum())
    for _ in range(MOST_CONJUGATE):
        image = product(direction)
        curved = float((direction * image).sum())
        if curved <= 0:  # rounding: every direction that a slope has is curved
            break
        step = square / curved
        solution, residual = solution + step * direction, residual - step * image
        before, square = square, float(residual.square().sum())
        if square <= 1e-6 * start:
            break
        direction = residual + square / before * direction
    return solution
