from __future__ import annotations

import copy
from time import sleep

import pytest
import torch
from torch import nn

from harness.plan.config import TimingConfig, grouped
from harness.timing.measure import measure

CPU = torch.device("cpu")


def small() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5)
    )


def timed(model: nn.Module, **changes):
    config = TimingConfig(**grouped({"batch_size": 4, "budget_s": 0.02, "num_threads": 1, **changes}))
    return measure(model, (3, 8, 8), 5, CPU, config)


def test_both_steps_are_measured_with_all_their_samples():
    timing = timed(small())
    for name in ("cpu_infer_step_time", "cpu_train_step_time"):
        measurement = timing.measured(name)
        assert measurement.unit == "ms"
        assert measurement.n >= 5
        assert 0 < measurement.min <= measurement.median
    assert timing.verdict in {"steady", "noisy"}
    assert timing.failures == {}


def test_weights_buffers_gradients_modes_and_random_state_come_back():
    model = small()
    model[0].eval()
    model[5].weight.grad = torch.ones_like(model[5].weight)
    before = copy.deepcopy(model.state_dict())
    pointers = [parameter.data_ptr() for parameter in model.parameters()]
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    timed(model, channels_last=True, precision="bfloat16")
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert pointers == [parameter.data_ptr() for parameter in model.parameters()]
    assert [module.training for module in model] == [False, True, True, True, True, True]
    assert torch.equal(model[5].weight.grad, torch.ones_like(model[5].weight))
    assert model[0].weight.grad is None


def test_inference_runs_in_eval_mode_without_gradients_and_training_in_train_mode():
    seen = set()
    model = small()
    model.register_forward_hook(lambda m, i, o: seen.add((m.training, torch.is_inference_mode_enabled())))
    timed(model)
    assert seen == {(False, True), (True, False)}


def test_training_steps_really_train():
    changed = []
    model = small()
    start = model[5].weight.detach().clone()
    model.register_forward_pre_hook(lambda m, i: changed.append(not torch.equal(m[5].weight, start)))
    timed(model)
    assert not changed[0]
    assert changed[-1]


def test_one_of_two_equal_models_that_sleeps_20_ms_takes_20_ms_longer():
    class Sleeps(nn.Module):
        def forward(self, x):
            sleep(0.02)
            return x

    plain, slow = timed(small(), train=False), timed(nn.Sequential(Sleeps(), small()), train=False)
    gap = slow.measured("cpu_infer_step_time").min - plain.measured("cpu_infer_step_time").min
    assert gap == pytest.approx(20, abs=6)


def test_a_model_that_cannot_train_keeps_its_inference_times():
    class Broken(nn.Linear):
        def forward(self, x):
            if self.training:
                raise RuntimeError("no backward\nhere")
            return super().forward(x.flatten(1))

    timing = timed(Broken(192, 5))
    assert timing.measured("cpu_infer_step_time") is not None
    assert timing.measured("cpu_train_step_time") is None
    assert timing.failures == {"train": "RuntimeError: no backward here"}


def test_detail_splits_the_training_step():
    names = {measurement.name for measurement in timed(small(), detail=True).measurements}
    assert {"cpu_train_forward_time", "cpu_train_backward_time", "cpu_train_optimizer_time"} <= names


def test_threads_are_set_recorded_and_put_back():
    before = torch.get_num_threads()
    timing = timed(small(), train=False)
    assert timing.facts["threads"] == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("precision", ["amp", "bfloat16"])
def test_the_precision_asked_for_is_the_one_that_runs(precision):
    seen = set()
    model = small()
    model[0].register_forward_hook(lambda m, i, o: seen.add(o.dtype))
    changes = {"amp": True} if precision == "amp" else {"precision": precision}
    timing = timed(model, **changes)
    assert seen == {torch.bfloat16}
    assert timing.facts["precision"] == ("amp_bfloat16" if precision == "amp" else "bfloat16")


@pytest.mark.parametrize(("channels_last", "layout"), [(True, torch.channels_last), ("auto", torch.contiguous_format)])
def test_weights_and_images_are_timed_in_the_layout_asked_for_however_the_model_was_trained(channels_last, layout):
    seen = set()
    model = small().to(memory_format=torch.channels_last)
    model[0].register_forward_pre_hook(
        lambda m, i: seen.add((m.weight.is_contiguous(memory_format=layout), i[0].is_contiguous(memory_format=layout)))
    )
    timing = timed(model, channels_last=channels_last)
    assert (seen, timing.facts["channels_last"]) == ({(True, True)}, channels_last is True)


def test_frozen_models_are_not_trained():
    timing = timed(small().requires_grad_(False))
    assert timing.measured("cpu_train_step_time") is None
    assert timing.failures == {}
