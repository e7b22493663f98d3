"""Features on one scale, learnt of some images and applied to others."""

from __future__ import annotations

import torch

from harness.picks.probes.scaling import Scaling


def test_features_have_mean_0_and_deviation_1_and_others_are_moved_alike():
    features = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0, 1e-3]) + 5
    scaled = Scaling.of(features)(features)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(3, dtype=torch.float64))
    torch.testing.assert_close(scaled.std(0, correction=0), torch.ones(3, dtype=torch.float64))
    assert torch.equal(Scaling.of(features)(features[:7]), scaled[:7])


def test_a_constant_feature_is_left_out_even_where_rounding_moves_it():
    features = torch.full((40, 2), 3.0)
    features[::2, 1] = torch.nextafter(torch.tensor(3.0), torch.tensor(4.0))
    assert torch.equal(Scaling.of(features)(features + 1), torch.zeros(40, 2, dtype=torch.float64))
