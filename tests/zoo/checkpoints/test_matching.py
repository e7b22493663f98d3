"""A file fits as a whole, but for the classifier; or it is refused before anything is copied."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Auxiliary, Plain
from zoo.checkpoints.checkpoint import Checkpoint
from zoo.checkpoints.matching import DoesNotFit, fitted, load
from zoo.heads.attach import attach

STATE = {"0.weight": torch.ones(2, 3), "0.bias": torch.zeros(2)}


def headed(model, num_classes=4):
    return model, attach(model, num_classes, input_shape=(3, 8, 8), scratch=True)


def without(state, *starts):
    return {name: tensor for name, tensor in state.items() if not name.startswith(starts)}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"0.weight": STATE["0.weight"]}, r"1 missing \(0\.bias\)"),
        (STATE | {"1.weight": torch.ones(1)}, r"1 unexpected \(1\.weight\)"),
        (STATE | {"0.bias": torch.ones(5)}, r"1 of another shape \(0\.bias\)"),
        ({}, r"2 missing \(0\.weight, 0\.bias\)"),
    ],
)
def test_tensors_that_do_not_fit_are_counted_and_named(state, message):
    model = nn.Sequential(nn.Linear(3, 2))
    before = model[0].weight.clone()
    with pytest.raises(DoesNotFit, match=message) as caught:
        load(model, Checkpoint(tensors=state), "net.pt")
    assert torch.equal(model[0].weight, before)
    assert caught.value.reshaped == (("0.bias",) if "another" in message else ())


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("left_out", [(), ("fc.",)])
@pytest.mark.parametrize(("small", "large"), [("resnet18", "resnet34"), ("resnet34", "resnet18")])
def test_weights_of_one_resnet_do_not_slip_into_another(small, large, left_out, prefix):
    from torchvision import models

    with torch.device("meta"):
        source, model = (getattr(models, name)(num_classes=2) for name in (small, large))
    tensors = {prefix + name: tensor for name, tensor in without(source.state_dict(), *left_out).items()}
    head = type("Head", (), {"name": "fc", "names": ("fc",), "aux_branches": ()})
    checkpoint = fitted(model, Checkpoint(tensors=tensors), head)
    with pytest.raises(DoesNotFit, match=r"does not fit ResNet: \d+ (missing|unexpected)|, 96 unexpected"):
        load(model, checkpoint, "net.pt", head)


@pytest.mark.parametrize("own", [{}, {"verdict.1.weight": torch.ones(4, 8), "verdict.1.bias": torch.ones(4)}])
def test_a_backbone_without_this_classifier_is_loaded_and_the_rest_is_said(own):
    model, head = headed(Plain(4))
    source, fresh = Plain(4).state_dict(), model.verdict.weight.clone()
    notes = load(model, Checkpoint(tensors={**without(source, "verdict."), **own}), "net.pt", head)
    assert torch.equal(model.body[0].weight, source["body.0.weight"])
    assert torch.equal(model.verdict.weight, fresh)
    left = ("left out: verdict.1.weight, verdict.1.bias",) if own else ()
    assert notes == ("new and untrained: verdict.weight, verdict.bias", *left)


@pytest.mark.parametrize("lost", ["verdict.bias", "body.0.weight", "body.1.running_mean"])
def test_half_a_classifier_or_less_of_the_backbone_is_another_architecture(lost):
    model, head = headed(Plain(4))
    with pytest.raises(DoesNotFit, match=r"1 missing"):
        load(model, Checkpoint(tensors=without(Plain(4).state_dict(), lost)), "net.pt", head)


class Branched(Auxiliary):
    """Its auxiliary classifier has a layer of its own before it, as googlenet's, which published weights lack."""

    def __init__(self):
        super().__init__(4)
        self.helper = nn.Sequential(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 4))


@pytest.mark.parametrize("make", [lambda: Auxiliary(4), Branched])
def test_auxiliary_classifiers_may_be_missing_with_all_that_leads_to_them(make):
    model, head = headed(make())
    (note,) = load(model, Checkpoint(tensors=without(make().state_dict(), "helper.")), "net.pt", head)
    assert note.startswith("new and untrained: helper.")
    with pytest.raises(DoesNotFit, match=r"1 missing \(helper\."):
        load(model, Checkpoint(tensors=without(make().state_dict(), "helper.0.bias", "helper.bias")), "net.pt", head)


def test_files_of_before_batch_norm_counted_are_whole():
    model, head = headed(Plain(4))
    old = {name: tensor for name, tensor in Plain(4).state_dict().items() if "num_batches" not in name}
    assert load(model, Checkpoint(tensors=old), "net.pt", head) == ()
    assert torch.equal(model.body[0].weight, old["body.0.weight"])


class Placed(Plain):
    """Its features depend on a table with an entry for each place."""

    def __init__(self, size):
        super().__init__(4)
        self.pos_embed = nn.Parameter(torch.ones(1, size * size, 8))


def stretch(tensors, model):
    places = model.pos_embed.shape[1]
    stem = tensors["body.0.weight"]
    return {**tensors, "pos_embed": torch.full((1, places, 8), 2.0), "body.0.weight": stem[..., :3, :3]}


def test_a_table_of_places_is_resampled_by_the_library_and_said():
    model, head = headed(Placed(8))
    checkpoint = fitted(model, Checkpoint(tensors=Placed(4).state_dict()), head, stretch)
    assert checkpoint.notes == ("resampled for this image size: pos_embed",)
    assert load(model, checkpoint, "net.pt", head) == ()
    assert model.pos_embed.unique().tolist() == [2]


def test_what_only_a_converter_would_make_fit_is_another_architecture():
    model, head = headed(Placed(8))
    tensors = {**Placed(4).state_dict(), "body.0.weight": torch.ones(8, 3, 5, 5)}
    checkpoint = fitted(model, Checkpoint(tensors=tensors), head, stretch)
    with pytest.raises(DoesNotFit, match=r"2 of another shape \(body\.0\.weight, pos_embed\)|pos_embed, body"):
        load(model, checkpoint, "net.pt", head)


def test_a_converter_that_fails_on_a_stranger_s_file_leaves_the_reason_why_it_does_not_fit():
    model, head = headed(Plain(4))
    checkpoint = fitted(model, Checkpoint(tensors={"a": torch.ones(1)}), head, lambda tensors, model: tensors["b"])
    with pytest.raises(DoesNotFit, match=r"missing .*1 unexpected \(a\)"):
        load(model, checkpoint, "net.pt", head)


def test_versions_are_no_part_of_what_differs():
    model, head = headed(Plain(4))
    state = Plain(4).state_dict()
    assert isinstance(state, OrderedDict)
    assert fitted(model, Checkpoint(tensors=state, versions={"body.1": 1, "gone": 7}), head).notes == ()
