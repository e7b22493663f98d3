"""The kit as a pytest parametrisation."""

from __future__ import annotations

import pytest

from tests.zoo.testing import mutants
from tests.zoo.testing.mutants import network, spec_of
from tests.zoo.testing.test_kit import declare
from zoo.testing import model_checks
from zoo.testing.kit import CHECKS

QUICK = [name for name, check in CHECKS.items() if not check.slow]


@model_checks(spec_of(network))
def test_a_sound_model_of_an_author(check):
    check()


def cases_of(mark):
    return {repr(case): case for case in mark.mark.args[1]}


def test_a_case_is_called_after_its_model_and_check():
    cases = cases_of(model_checks("mlp*", spec_of(network)))
    models = ["mlp", "mlp-small", "mlp-wide", "mlp-deep", "mutant/network"]
    assert list(cases) == [f"{model}-{check}" for model in models for check in QUICK]
    assert len(cases_of(model_checks(spec_of(network), slow=True))) == len(CHECKS)


def test_a_failure_is_an_assertion_with_its_cause_and_remedy():
    case = cases_of(model_checks(spec_of(mutants.squeezed)))["mutant/squeezed-batch_of_one"]
    with pytest.raises(AssertionError) as caught:
        case()
    assert str(caught.value) == (
        "of one image it returns a tensor [10] of float32, wanted [1, 10]\nsqueeze no dimension of the batch"
    )


def test_a_declared_failure_is_an_xfail_and_one_that_passes_fails():
    cases = cases_of(model_checks(declare(mutants.flipped, {"order": "it flips", "name": "no idea"})))
    with pytest.raises(pytest.xfail.Exception, match="it flips"):
        cases["mutant/flipped-order"]()
    with pytest.raises(AssertionError, match="it passes, though its spec declares"):
        cases["mutant/flipped-name"]()


def test_what_does_not_apply_is_skipped():
    with pytest.raises(pytest.skip.Exception, match="names no least size"):
        cases_of(model_checks(spec_of(network)))["mutant/network-min_size"]()
