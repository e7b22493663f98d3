"""Classifiers are found wherever they sit, replaced, and proved; nothing else of the model changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Auxiliary, Convolutional, Distilled, Handmade, Headless, Plain, Unused
from zoo.errors import ZooError
from zoo.heads import attach
from zoo.heads.attach import exchange
from zoo.heads.proof import require_no_probabilities

SHAPE = (3, 8, 8)


@pytest.mark.parametrize(
    ("network", "names", "aux"),
    [
        (Plain, ("verdict",), ()),
        (Distilled, ("verdict", "second"), ()),
        (Convolutional, ("verdict.0",), ()),
        (Auxiliary, ("verdict",), ("helper",)),
        (Unused, ("verdict",), ()),
    ],
)
@pytest.mark.parametrize("head", ["linear", "mlp:16,8:0.2"])
def test_every_kind_of_head_is_found_and_replaced(network, names, aux, head):
    model = network()
    attached = attach(model, 4, head, input_shape=SHAPE)
    assert (attached.name, attached.names, attached.aux, attached.in_features) == (names[0], names, aux, 8)
    assert model.eval()(torch.rand(2, *SHAPE)).shape == (2, 4)


@pytest.mark.parametrize("network", [Plain, Distilled, Convolutional, Auxiliary])
def test_a_head_that_was_found_is_exchanged_as_if_it_were_found_again(network):
    model = network()
    attached = attach(model, 9, input_shape=SHAPE)
    head = exchange(model, attached, 4, "mlp:16:0.2", input_shape=SHAPE)
    assert head == attach(network(), 4, "mlp:16:0.2", input_shape=SHAPE)
    assert model.eval()(torch.rand(2, *SHAPE)).shape == (2, 4)


def test_an_mlp_head_is_linear_relu_dropout_linear():
    model = Plain()
    attach(model, 4, "mlp:16:0.2", input_shape=SHAPE)
    assert [type(layer).__name__ for layer in model.verdict] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert (model.verdict[2].p, model.verdict[3].out_features) == (0.2, 4)


def test_a_model_built_for_the_task_keeps_its_own_output_layer():
    model = Plain(4)
    own = model.verdict
    assert attach(model, 4, input_shape=SHAPE, scratch=True).name == "verdict"
    assert model.verdict is own


def test_nothing_else_of_the_model_changes():
    model = Auxiliary()
    model.body[1].eval()
    model.body[0].weight.requires_grad_(False)
    state = {key: value.clone() for key, value in model.state_dict().items() if key.startswith("body")}
    random = torch.get_rng_state()
    attach(model, 7, input_shape=SHAPE, scratch=True)
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())
    assert (model.training, model.body[1].training, model.body[0].training) == (True, False, True)
    assert [p.requires_grad for p in model.body.parameters()] == [False, True, True, True]
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(random, torch.get_rng_state())


def test_a_hint_that_the_output_does_not_come_from_is_refused_with_the_candidates():
    with pytest.raises(ZooError, match="'fc' does not reach the output: the output of Unused comes from verdict"):
        attach(Unused(), 4, input_shape=SHAPE, hint="fc")


def test_a_hint_that_names_nothing_is_refused():
    with pytest.raises(ZooError, match="'classifier' does not exist"):
        attach(Plain(), 4, input_shape=SHAPE, hint="classifier")


def test_a_hint_may_name_the_module_around_the_last_layer():
    attached = attach(Convolutional(), 4, input_shape=SHAPE, hint="verdict")
    assert (attached.name, attached.type, attached.names) == ("verdict", "Sequential", ("verdict.0",))


@pytest.mark.parametrize(("scratch", "kind"), [(True, "Matrix"), (False, "Linear")])
def test_a_hint_finds_a_classifier_of_any_class(scratch, kind):
    model = Handmade(4)
    attached = attach(model, 4, input_shape=SHAPE, hint="verdict", scratch=scratch)
    assert (attached.name, attached.type, attached.in_features) == ("verdict", "Matrix", 8)
    assert type(model.verdict).__name__ == kind


def test_a_classifier_that_is_no_layer_asks_for_a_hint():
    with pytest.raises(ZooError, match=r"no classifier \(head\).*; its last layers are body.0") as caught:
        attach(Handmade(4), 4, input_shape=SHAPE, scratch=True)
    assert "ModelSpec(head=...)" in caught.value.remedy


def test_a_model_that_ends_in_features_is_called_headless():
    with pytest.raises(ZooError, match="no classifier"):
        attach(Headless(), 4, input_shape=SHAPE)


class Wrong(Plain):
    def __init__(self, wrong):
        super().__init__(4)
        self.wrong = wrong

    def forward(self, images):
        return self.wrong(super().forward(images))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda logits: (logits, logits), "returned a tuple"),
        (lambda logits: {"logits": logits}, "returned a dict"),
        (lambda logits: None, "returned None"),
        (lambda logits: logits[:, :, None, None], r"tensor \[2, 4, 1, 1\]"),
        (lambda logits: logits[0], r"tensor \[4\]"),
        (lambda logits: torch.cat([logits, logits], 1), r"\[2, 8\] of float32, wanted \[2, 4\]"),
        (lambda logits: logits.argmax(1, keepdim=True), "of int64"),
        (lambda logits: logits.detach(), "no gradient"),
        (lambda logits: logits * float("nan"), "not finite"),
        (lambda logits: logits.softmax(1), "probabilities"),
    ],
)
def test_an_output_that_cannot_be_trained_on_is_refused_with_what_came(wrong, message):
    with pytest.raises(ZooError, match=message):
        attach(Wrong(wrong), 4, input_shape=SHAPE, scratch=True)


def test_log_probabilities_are_as_good_as_logits():
    assert attach(Plain(4, nn.LogSoftmax(1)), 4, input_shape=SHAPE, scratch=True).name == "verdict"


def test_a_frozen_classifier_is_refused():
    model = Plain(4)
    model.verdict.requires_grad_(False)
    with pytest.raises(ZooError, match=r"verdict\.weight is frozen"):
        attach(model, 4, input_shape=SHAPE, scratch=True)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Plain(4).requires_grad_(False), "all 6 parameters are frozen"),
        (nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()), "Sequential has no parameters"),
    ],
)
def test_a_model_in_which_nothing_can_learn_is_refused(model, reason):
    with pytest.raises(ZooError, match=f"nothing in the model is trainable: {reason}"):
        attach(model, 4, input_shape=SHAPE, scratch=True)


def test_a_frozen_backbone_is_fine():
    model = Plain().requires_grad_(False)
    attach(model, 4, input_shape=SHAPE)
    assert [name for name, p in model.named_parameters() if p.requires_grad] == ["verdict.weight", "verdict.bias"]


def test_a_model_without_memory_can_be_given_a_head():
    model = Plain().to("meta")
    assert attach(model, 4, "mlp:16", input_shape=SHAPE).in_features == 8
    assert model.verdict[0].weight.is_meta


def test_images_too_small_for_the_model_are_one_line_with_the_size():
    with pytest.raises(ZooError, match="Plain cannot run on 3×2×2 images: RuntimeError"):
        attach(Plain(), 4, input_shape=(3, 2, 2))


def test_a_layer_that_takes_another_width_than_it_gets_is_named():
    model = Plain(4)
    model.verdict = nn.Linear(16, 4)
    with pytest.raises(ZooError, match="cannot run on 3×8×8 images: its layer verdict takes 16 features and gets 8"):
        attach(model, 4, input_shape=SHAPE, scratch=True)


def test_one_row_that_happens_to_be_positive_and_to_sum_to_one_is_no_softmax():
    require_no_probabilities(torch.tensor([[0.25, 0.75]]))
    with pytest.raises(ZooError, match="probabilities"):
        require_no_probabilities(torch.tensor([[0.25, 0.75], [1.0, 0.0]]))


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([[0.25, 0.75], [0.5, 0.50005]], True),  # as bfloat16 or a sum in another order rounds
        ([[0.25, 0.75], [0.5, 0.5003]], False),
        ([[-1.0, 2.0], [0.5, 0.5]], False),
        ([[1.0], [1.0]], False),
    ],
)
def test_probabilities_are_not_negative_and_sum_to_one_within_a_ten_thousandth(rows, refused):
    if refused:
        with pytest.raises(ZooError, match="probabilities"):
            require_no_probabilities(torch.tensor(rows))
    else:
        require_no_probabilities(torch.tensor(rows))


class Staged(Plain):
    """Two classifiers for train mode only: one ends a branch of its own, one lies beside what runs in eval mode too."""

    def __init__(self):
        super().__init__()
        self.verd = nn.Sequential(nn.Linear(8, 5), nn.Sequential(nn.ReLU(), nn.Linear(5, 7)))
        self.heads = nn.ModuleDict({"main": nn.Linear(8, 7), "extra": nn.Linear(8, 7)})

    def forward(self, images):
        features = self.body(images)
        main = self.heads["main"](features)
        return (main, self.verd(features), self.heads["extra"](features)) if self.training else main


def test_all_that_leads_to_an_auxiliary_classifier_alone_is_its_branch():
    attached = attach(Staged(), 4, input_shape=SHAPE)
    assert (attached.names, attached.aux) == (("heads.main",), ("verd.1.1", "heads.extra"))
    assert attached.aux_branches == ("verd", "heads.extra")


def test_a_layer_that_adds_to_the_one_output_in_training_is_no_auxiliary_classifier():
    class Adding(Auxiliary):
        def forward(self, images):
            output = super().forward(images)
            return sum(output) if self.training else output

    assert attach(Adding(4), 4, input_shape=SHAPE, scratch=True).aux == ()


@pytest.mark.parametrize(("head", "scratch"), [("mlp:8", True), ("linear", False)])
def test_a_frozen_model_may_be_given_a_head_that_learns(head, scratch):
    attached = attach(Plain(4).requires_grad_(False), 4, head, input_shape=SHAPE, scratch=scratch)
    assert attached.names == ("verdict",)
