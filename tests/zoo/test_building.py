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
