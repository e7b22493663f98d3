"""Ridge: the closed form of leaving each image or group out is what refitting without it gives."""

from __future__ import annotations

import pytest
import torch

from harness.picks.probes import ridge
from harness.picks.probes.scaling import Scaling


def data(num_images, num_features, num_classes=3, signal=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_images) % num_classes
    centres = signal * torch.randn(num_classes, num_features, generator=generator)
    return torch.randn(num_images, num_features, generator=generator) + centres[labels], labels


def refitted(features, labels, units, penalty, num_classes=3):
    """Scores of each image by a fit without its unit: the primal equations, solved once a unit."""
    inputs, targets = Scaling.of(features)(features), torch.nn.functional.one_hot(labels, num_classes).double()
    scores, units = torch.empty_like(targets), torch.tensor(units)
    for unit in units.unique():
        left, used = units == unit, units != unit
        mean, level = inputs[used].mean(0), targets[used].mean(0)
        gram = (inputs[used] - mean).T @ (inputs[used] - mean) + penalty * torch.eye(inputs.shape[1]).double()
        weights = torch.linalg.solve(gram, (inputs[used] - mean).T @ (targets[used] - level))
        scores[left] = (inputs[left] - mean) @ weights + level
    return scores


@pytest.mark.parametrize("share", [1e-4, 1e-2, 1.0, 100.0])
@pytest.mark.parametrize("size_of_unit", [1, 3])
@pytest.mark.parametrize("shape", [(40, 100), (60, 20)], ids=["dual", "primal"])
def test_leaving_out_in_closed_form_equals_refitting_to_1e_8(shape, size_of_unit, share):
    features, labels = data(*shape)
    units = [row // size_of_unit for row in range(len(labels))]
    fit = ridge.fit(features, labels, 3, units, shares=[share])
    torch.testing.assert_close(fit.loo_scores_NK, refitted(features, labels, units, fit.penalty), atol=1e-8, rtol=0)


def test_units_of_several_sizes_stay_in_their_places():
    features, labels = data(30, 50)
    units = [0, 0, 0, 1, 2, 2, *range(3, 27)]
    fit = ridge.fit(features, labels, 3, units, shares=[0.1])
    torch.testing.assert_close(fit.loo_scores_NK, refitted(features, labels, units, fit.penalty), atol=1e-8, rtol=0)


def test_the_penalty_is_the_best_of_thirteen_half_decades():
    features, labels = data(60, 200, signal=0.3)
    fit = ridge.fit(features, labels, 3)
    assert len(ridge.SHARES) == 13
    assert ridge.SHARES[1] / ridge.SHARES[0] == pytest.approx(10**0.5)
    assert fit.share == ridge.SHARES[min(range(13), key=fit.errors.__getitem__)]
    alone = ridge.fit(features, labels, 3, shares=[fit.share])
    assert torch.equal(alone.loo_scores_NK, fit.loo_scores_NK)
    assert torch.equal(fit.predictions_N, fit.loo_scores_NK.argmax(1))


def test_copies_of_an_image_tell_on_each_other_unless_they_are_left_out_together():
    noise, _ = data(40, 200, signal=0)
    labels = torch.randint(2, (40,), generator=torch.Generator().manual_seed(1)).repeat(2)
    features = noise.repeat(2, 1)
    apart, together = (ridge.fit(features, labels, 2, units) for units in (None, [*range(40)] * 2))
    assert (apart.predictions_N == labels).float().mean() > 0.95
    assert (together.predictions_N == labels).float().mean() < 0.7
