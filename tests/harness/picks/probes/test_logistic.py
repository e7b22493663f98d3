"""Logistic regression: scikit-learn's at the same C, and the C of least log-loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.picks.probes import logistic
from harness.picks.probes.scaling import Scaling
from tests.harness.picks.probes.test_ridge import data
from zoo.errors import ZooError


def parts(num_images, num_features, num_classes, signal=0.3):
    features, labels = data(num_images + 40, num_features, num_classes, signal)
    return features[:num_images], labels[:num_images], features[num_images:], labels[num_images:]


@pytest.mark.parametrize("c", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("shape", [(50, 120, 3), (90, 30, 4), (60, 80, 2)], ids=str)
def test_probabilities_are_those_of_scikit_learn_to_1e_6(shape, c):
    from sklearn.linear_model import LogisticRegression

    features, labels, val_features, val_labels = parts(*shape)
    fit = logistic.fit(features, labels, val_features, val_labels, shape[2], cs=[c])
    scaling = Scaling.of(features)
    theirs = LogisticRegression(C=c, tol=1e-12, max_iter=1000, solver="newton-cg").fit(scaling(features), labels)
    expected = theirs.predict_proba(scaling(val_features))
    np.testing.assert_allclose(fit.val_log_probs_MK.exp(), expected, atol=1e-6, rtol=0)
    assert fit.is_converged


def test_c_is_that_of_least_log_loss_and_larger_ones_are_not_tried_in_vain():
    features, labels, val_features, val_labels = parts(60, 100, 3, signal=0.15)
    fit = logistic.fit(features, labels, val_features, val_labels, 3)
    every = [logistic.fit(features, labels, val_features, val_labels, 3, cs=[c]) for c in logistic.DECADES]
    best = min(every, key=lambda one: one.losses[0])
    assert fit.c == best.c
    torch.testing.assert_close(fit.val_log_probs_MK, best.val_log_probs_MK, atol=1e-5, rtol=0)
    assert len(fit.losses) == logistic.DECADES.index(fit.c) + 1 + logistic.PATIENCE < len(logistic.DECADES)
    log_probs = fit.val_log_probs_MK[torch.arange(40), val_labels]
    assert min(fit.losses) == pytest.approx(-float(log_probs.mean()), rel=1e-3)


def test_with_separable_classes_every_c_is_tried():
    fit = logistic.fit(*parts(60, 100, 3, signal=3.0), num_classes=3)
    assert len(fit.losses) == len(logistic.DECADES)
    assert list(fit.losses) == sorted(fit.losses, reverse=True)


def test_features_without_any_finite_log_loss_are_an_error_that_says_so():
    features, labels, val_features, val_labels = parts(50, 20, 3)
    with pytest.raises(ZooError, match="no finite log-loss"):
        logistic.fit(features, labels, val_features * float("inf"), val_labels, 3)
