"""A pytest fixture with which a plugin's own tests time its models by this engine.

In a test module or conftest.py: `pytest_plugins = ["harness.timing.pytest_plugin"]`, with pytest-benchmark installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch

from harness.plan.config import TimingConfig, grouped
from harness.timing.clock import clock_for
from harness.timing.restore import applied, resident
from harness.timing.sampling import collector_paused, warm_up
from harness.timing.steps import InferenceStep, TrainingStep, make_workload
from zoo.building import build
from zoo.specs import Task

if TYPE_CHECKING:
    from zoo.specs import ModelSpec

WARM_UP_SECONDS = 0.5


@pytest.fixture
def benchmark_model(benchmark: Any) -> Callable[..., Any]:
    """Call it with a `ModelSpec` to time one kind of its steps; returns pytest-benchmark's statistics, in seconds.

    `train` times training steps instead of inference, `rounds` is how many samples are taken; `img_size`,
    `num_classes`, `device` and the fields of `TimingConfig` and `Numerics` (batch_size, amp …) set the conditions.
    """

    def run(
        spec: ModelSpec,
        *,
        train: bool = False,
        rounds: int = 20,
        img_size: int | None = None,
        num_classes: int = 10,
        device: str = "cpu",
        **conditions: Any,
    ) -> Any:
        config, target = TimingConfig(**grouped(conditions)), torch.device(device)
        task = Task.for_model(spec, num_classes, image_size=img_size)
        model = build(spec, task).model
        with applied(config), resident(model, target, config):
            workload = make_workload(model, task.input_shape, num_classes, target, config)
            step = TrainingStep(workload) if train else InferenceStep(workload)
            step.enter()
            clock = clock_for(target)
            warm_up(clock, step, WARM_UP_SECONDS)

            def whole_step() -> None:
                step()
                clock.synchronize()

            with collector_paused():
                benchmark.pedantic(whole_step, setup=clock.synchronize, rounds=rounds)
        benchmark.extra_info.update(
            model=spec.name, train=train, img_size=task.image_size, batch_size=config.batch_size
        )
        return benchmark.stats.stats

    return run
