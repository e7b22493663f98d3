"""A model that fails on small images says which are enough."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

import zoo
from zoo.building import build
from zoo.errors import ZooError
from zoo.input_size import COMMON_SIZES, smallest, with_size_hint

TASK = zoo.Task(num_classes=4, image_size=8, channels=3)


def halving(task):
    """Five halvings: 32 px are the least."""
    layers = [nn.Conv2d(3, 4, 3, padding=1), *(nn.MaxPool2d(2) for _ in range(5))]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, task.num_classes))


def patches(task):
    """Wants sides that divide by 16."""
    if task.image_size % 16:
        raise ValueError("not divisible")
    return nn.Sequential(nn.Conv2d(3, 4, 16, 16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, task.num_classes))


def cause_of(builder, size):
    with pytest.raises(ZooError) as caught:
        build(zoo.ModelSpec(name="mine/net", build=builder), replace(TASK, image_size=size))
    return caught.value.cause


@pytest.mark.parametrize("least", [9, 16, 29, 75, 384])
def test_the_smallest_size_is_found_to_the_pixel(least):
    assert smallest(8, lambda size: size >= least) == least


def test_a_model_that_takes_no_size_keeps_its_own_error():
    tried = []
    error = ZooError("broken")
    error.__cause__ = RuntimeError("broken")
    assert with_size_hint(error, 8, lambda size: bool(tried.append(size))) is error
    assert set(tried) == {8, *COMMON_SIZES}


def test_an_error_that_is_not_one_of_size_tries_nothing():
    error = ZooError("broken")
    error.__cause__ = ImportError("broken")
    assert with_size_hint(error, 8, lambda size: 1 / 0) is error


def test_too_small_images_are_told_the_models_minimum():
    cause = cause_of(halving, 8)
    assert cause == "mine/net: image size 8 px is smaller than the model's minimum of 32 px: try --img-size 32"


def test_what_is_needed_in_train_mode_only_counts_as_well():
    class Auxiliary(nn.Module):
        def __init__(self, task):
            super().__init__()
            self.net, self.helper = halving(task), nn.Linear(4, task.num_classes)
            self.shrink = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AvgPool2d(40), nn.AdaptiveAvgPool2d(1), nn.Flatten())

        def forward(self, images):
            return (self.net(images), self.helper(self.shrink(images))) if self.training else self.net(images)

    assert "smaller than the model's minimum of 40 px" in cause_of(Auxiliary, 36)


def test_a_size_between_two_that_work_is_not_called_too_small():
    assert cause_of(patches, 100) == "mine/net: image size 100 px does not suit the model: try --img-size 112"


def test_what_fails_with_its_weights_only_is_not_blamed_on_the_size():
    def moody(task):
        if task.weights:
            raise RuntimeError("no such tensor")
        return halving(task)

    with pytest.raises(ZooError, match="RuntimeError: no such tensor"):
        build(
            zoo.ModelSpec(name="mine/net", build=moody, weights=("a",)), replace(TASK, image_size=64, weights="default")
        )


def colour_only(task):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, task.num_classes))


def grey_only(task):
    assert task.channels == 1
    return nn.Sequential(nn.Flatten(), nn.Linear(task.image_size**2, task.num_classes))


@pytest.mark.parametrize(
    ("builder", "size", "cause", "means"),
    [
        (colour_only, 8, "3 channels and gets 1", "grey images are then repeated"),
        (halving, 8, "3 channels and gets 1", "grey images are then repeated"),
        (grey_only, 8, "1 channel and gets 3", "colour images then become grey"),
    ],
)
def test_a_model_of_other_channels_is_told_what_to_declare(builder, size, cause, means):
    channels = int(cause[-1])
    with pytest.raises(ZooError) as caught:
        build(zoo.ModelSpec(name="mine/net", build=builder), replace(TASK, image_size=size, channels=channels))
    assert caught.value.cause == f"mine/net: it takes images with {cause}: declare InputSpec(channels={cause[0]})"
    assert caught.value.remedy == f"in its plugin, ModelSpec(input=zoo.InputSpec(channels={cause[0]})): {means}"


def test_a_model_that_takes_no_channels_at_all_keeps_its_own_error():
    def broken(task):
        return nn.Sequential(nn.Conv2d(5, 4, 3), nn.Flatten(), nn.LazyLinear(4))

    with pytest.raises(ZooError, match="to have 5 channels"):
        build(zoo.ModelSpec(name="mine/net", build=broken), replace(TASK, channels=1))
