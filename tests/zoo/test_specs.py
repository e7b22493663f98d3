"""What plugins declare, and the task that a model is built for."""

from __future__ import annotations

import pytest

from zoo.specs import InputSpec, ModelSpec, Task

GREY = InputSpec(size=28, channels=1)


@pytest.mark.parametrize(
    ("wanted", "given", "shape"),
    [
        (InputSpec(), {}, (3, 224, 224)),
        (GREY, {}, (1, 28, 28)),
        (GREY, {"image_size": 32, "channels": 3}, (3, 32, 32)),
        (lambda weights: InputSpec(size=384 if weights == "large" else 96), {}, (3, 96, 96)),
        (lambda weights: InputSpec(size=384 if weights == "large" else 96), {"weights": "large"}, (3, 384, 384)),
    ],
)
def test_a_task_has_the_images_that_its_model_wants_but_for_what_is_given(wanted, given, shape):
    task = Task.for_model(ModelSpec(name="net", build="x:y", input=wanted), 7, **given)
    assert (task.num_classes, task.input_shape, task.weights) == (7, shape, given.get("weights"))
