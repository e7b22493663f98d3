"""From a declared model to one that is ready to train."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

import zoo
from tests.zoo.heads.networks import Plain
from zoo.building import build
from zoo.errors import ZooError
from zoo.weights import Weights, sha256_of

TASK = zoo.Task(num_classes=4, image_size=8, channels=3)


def spec(build=lambda task: Plain(task.num_classes), **fields):
    return zoo.ModelSpec(name="mine/net", build=build, **fields)


@pytest.mark.parametrize(("returned", "text"), [(None, "None"), ("resnet18", "'resnet18'"), (Plain, "the class Plain")])
def test_a_builder_that_returns_no_module_is_told_what_it_returned(returned, text):
    with pytest.raises(ZooError) as caught:
        build(spec(lambda task: returned), TASK)
    assert caught.value.cause == f"mine/net: build returned {text}, not a torch.nn.Module"


def test_a_builder_that_raises_is_one_line_with_the_cause():
    with pytest.raises(ZooError, match="mine/net: cannot be built: ZeroDivisionError: "):
        build(spec(lambda task: 1 // 0), TASK)


def test_out_of_memory_is_left_for_the_harness_to_see():
    def greedy(task):
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(torch.OutOfMemoryError):
        build(spec(greedy), TASK)


def test_weights_are_loaded_before_the_head_is_swapped():
    tasks = []

    def pretrained(task):
        tasks.append(task)
        return Plain(1000)

    built = build(spec(pretrained, weights=("big", "small")), replace(TASK, weights="default"))
    assert (tasks[0].weights, built.weights, built.model.verdict.out_features) == ("default", "big", 4)


def test_an_unknown_tag_is_a_usage_error_with_the_nearest():
    with pytest.raises(ZooError, match=r"mine/net has no pretrained weights 'bigg'\. Did you mean big\?") as caught:
        build(spec(weights=("big", "small")), replace(TASK, weights="bigg"))
    assert (caught.value.exit_code, caught.value.remedy) == (2, "it offers: big, small")


def test_weights_take_the_place_of_the_tasks_own():
    tasks = []
    pretrained = spec(lambda task: tasks.append(task) or Plain(task.num_classes), weights=("big", "small"))
    built = build(pretrained, replace(TASK, weights="big"), weights=Weights(tag="small"))
    assert (tasks[0].weights, built.weights) == ("small", "small")


@pytest.mark.parametrize(("num_classes", "kept"), [(4, True), (9, False)])
def test_a_file_of_weights_is_loaded_whole_and_its_head_kept_where_it_fits(tmp_path, num_classes, kept):
    source = Plain(num_classes)
    save_file(source.state_dict(), tmp_path / "net.safetensors")
    built = build(spec(), TASK, weights=Weights(path=f"{tmp_path}/net.safetensors"))
    assert torch.equal(built.model.body[0].weight, source.body[0].weight)
    assert built.model.verdict.weight.shape == (4, 8)
    assert torch.equal(built.model.verdict.weight, source.verdict.weight[:4]) == kept
    assert built.notes == (() if kept else ("its classifier for 9 classes replaced by a new one",))
    assert built.weights == f"file:net.safetensors@{sha256_of(tmp_path / 'net.safetensors')[:8]}"


@pytest.mark.parametrize("head", ["linear", "mlp:16:0.2"])
def test_a_file_of_weights_that_are_not_finite_is_refused_whatever_the_head(tmp_path, head):
    source = Plain(9)
    source.body[0].weight.data.fill_(torch.nan)
    save_file(source.state_dict(), tmp_path / "net.safetensors")
    with pytest.raises(ZooError, match="not finite"):
        build(spec(), TASK, head=head, weights=Weights(path=f"{tmp_path}/net.safetensors"))


@pytest.mark.parametrize("head", ["linear", "mlp:16:0.2"])
def test_a_model_is_proved_where_gradients_are_switched_off(tmp_path, head):
    save_file(Plain(9).state_dict(), tmp_path / "net.safetensors")
    with torch.no_grad():
        build(spec(), TASK, head=head)
        build(spec(), TASK, head=head, weights=Weights(path=f"{tmp_path}/net.safetensors"))


def test_without_memory_nothing_is_allocated_and_no_weights_are_asked_for():
    tasks = []
    built = build(
        spec(lambda task: tasks.append(task) or Plain(task.num_classes)),
        replace(TASK, weights="default"),
        device="meta",
    )
    assert all(tensor.is_meta for tensor in built.model.state_dict().values())
    assert (tasks[0].weights, built.weights) == (None, "none")


def test_a_builder_that_reads_values_and_runs_layers_is_looked_at_all_the_same():
    def thorough(task):
        assert torch.linspace(0, 1, 3)[2].item() == 1
        assert Plain()(torch.zeros(2, 3, 8, 8)).sum().item() < 1e9
        return Plain(task.num_classes)

    built = build(spec(thorough), TASK, device="meta")
    assert built.model.verdict.weight.is_meta
    assert built.head.in_features == 8


def stubborn(task):
    assert task.num_classes == 1000, "ImageNet only"
    return Plain(1000)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("builder", [lambda task: Plain(1000), stubborn], ids=["ignores", "insists"])
def test_a_builder_with_a_class_count_of_its_own_has_its_head_exchanged_from_random_weights(builder, device):
    built = build(spec(builder), TASK, device=device)
    assert (built.model.verdict.out_features, built.head.names, built.head.built_for) == (4, ("verdict",), 1000)
    assert built.notes == ("its classifier for 1,000 classes replaced by a new one for 4",)


def test_a_builder_that_takes_the_count_asked_for_keeps_its_head():
    made = []
    built = build(spec(lambda task: made.append(Plain(task.num_classes)) or made[-1]), TASK)
    assert (built.model.verdict is made[0].verdict, built.head.built_for, built.notes) == (True, 0, ())


def test_an_output_that_no_classifier_ends_in_is_still_told_its_width():
    class Wider(Plain):
        def forward(self, images):
            return super().forward(images).repeat(1, 2)

    with pytest.raises(ZooError, match=r"returned a tensor \[2, 8\] of float32, wanted \[2, 4\]"):
        build(spec(lambda task: Wider(task.num_classes)), TASK)


def test_a_builder_that_refuses_every_count_keeps_its_own_error():
    def never(task):
        raise ValueError("out of order")

    with pytest.raises(ZooError, match="mine/net: cannot be built: ValueError: out of order"):
        build(spec(never), TASK)


@pytest.mark.parametrize("size", [8, 32])
def test_a_file_of_weights_fits_a_builder_that_insists_on_its_count(tmp_path, size):
    source = Plain(1000)
    save_file(source.state_dict(), tmp_path / "net.safetensors")
    task = replace(TASK, image_size=size)
    built = build(spec(stubborn), task, weights=Weights(path=f"{tmp_path}/net.safetensors"))
    assert torch.equal(built.model.body[0].weight, source.body[0].weight)
    assert built.model.verdict.out_features == 4
