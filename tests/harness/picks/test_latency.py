"""Latency is predicted from a few timed models, and the interval holds what it promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from harness.picks.latency import Prediction, choose_anchors, fit


@dataclass(frozen=True)
class Net:
    family: str
    macs: int
    activations: int
    param_count: int


def nets(count, rng, num_families=8):
    """Models of random sizes between 0.03 and 5 GMAC."""
    logs = rng.normal(size=(count, 3)) * [1.0, 0.6, 0.8] + [20, 16, 16]
    families = rng.integers(num_families, size=count)
    return [Net(f"f{family}", *map(int, np.exp(row))) for family, row in zip(families, logs, strict=True)]


def times(models, rng, speed=0.0, noise=0.2):
    """Times that follow the model which the regression assumes, on a machine of that speed."""
    effects = 0.25 * rng.normal(size=8)
    work = [0.5 * np.log(m.macs) + 0.3 * np.log(m.activations) + 0.1 * np.log(m.param_count) for m in models]
    effect = [effects[int(m.family[1:])] for m in models]
    return np.exp(np.array(work) + effect + speed - 14 + noise * rng.normal(size=len(models)))


def test_nine_of_ten_times_lie_within_the_interval():
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        models = nets(72, rng)
        timed = list(zip(models, times(models, rng), strict=True))
        anchors = choose_anchors(models, 12)
        model = fit([timed[i] for i in anchors])
        rest = [timed[i] for i in range(72) if i not in anchors]
        covered += [model.predict(one).low <= ms <= model.predict(one).high for one, ms in rest]
    assert 0.85 <= np.mean(covered) <= 0.97


def test_without_noise_and_families_the_law_itself_is_learnt():
    rng = np.random.default_rng(0)
    models = nets(60, rng, num_families=1)
    timed = list(zip(models, times(models, rng, noise=0.0), strict=True))
    model = fit(timed[:40])
    for one, ms in timed[40:]:
        assert model.predict(one).ms == pytest.approx(ms, rel=0.02)


def test_times_of_another_machine_narrow_the_interval_and_say_nothing_of_the_speed():
    rng = np.random.default_rng(1)
    models = nets(200, rng)
    there = list(zip(models, times(models, np.random.default_rng(2)), strict=True))
    here = list(zip(models, times(models, np.random.default_rng(2), speed=3.0), strict=True))
    alone, helped = fit(here[:6]), fit(here[:6], earlier=there[6:150])
    rest = here[150:]
    assert np.mean([helped.predict(m).low <= ms <= helped.predict(m).high for m, ms in rest]) > 0.85
    assert width(helped, rest) < 0.8 * width(alone, rest)


def width(model, timed):
    return np.mean([np.log(p.high / p.low) for p in (model.predict(one) for one, _ in timed)])


def test_a_family_that_was_never_timed_has_a_wider_interval():
    rng = np.random.default_rng(3)
    models = nets(80, rng, num_families=4)
    model = fit(list(zip(models, times(models, rng), strict=True)))
    known, new = (model.predict(Net(family, 10**9, 10**7, 10**7)) for family in ("f1", "unheard"))
    assert new.high / new.low > 1.2 * known.high / known.low


def test_anchors_differ_in_family_and_size():
    rng = np.random.default_rng(4)
    models = nets(300, rng)
    anchors = choose_anchors(models, 12)
    assert len(set(anchors)) == 12
    assert len({models[i].family for i in anchors}) >= 6
    spread = np.ptp(np.log([models[i].macs for i in anchors])) / np.ptp(np.log([m.macs for m in models]))
    assert spread > 0.6
    assert choose_anchors(models[:3], 12) == choose_anchors(models[:3], 3)


@pytest.mark.parametrize(
    ("limit", "says"), [(9.0, "too slow"), (10.0, "straddles"), (29.0, "straddles"), (30.0, "fits")]
)
def test_only_an_interval_on_one_side_of_the_limit_decides(limit, says):
    assert Prediction(ms=17.0, low=10.0, high=30.0).against(limit) == says
