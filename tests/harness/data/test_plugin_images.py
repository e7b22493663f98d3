"""Images and labels as libraries hold them become those that the harness knows, or are refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from harness.data.load import DatasetSource, load
from harness.data.plugin_images import ACCEPTED, open_plugins

GREY = np.random.default_rng(0).integers(0, 256, (6, 8, 9), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 8, 9, 3), dtype=np.uint8)
AS_GREY, AS_COLOUR = torch.from_numpy(GREY)[:, None], torch.from_numpy(COLOUR).permute(0, 3, 1, 2)


def opened(images, labels=(0, 1) * 3, classes=("a", "b")):
    split = zoo.Split(images=images, labels=labels)
    return open_plugins(spec(lambda data_dir: zoo.LabelledImages(classes=classes, train=split)), None)[0]


def spec(function, num_classes=2):
    return zoo.DatasetSpec(name="mine", open=function, num_classes=num_classes)


@pytest.mark.fault(149)
@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (GREY, AS_GREY),
        (GREY[..., None], AS_GREY),
        (GREY[:, None], AS_GREY),
        (COLOUR, AS_COLOUR),
        (COLOUR.transpose(0, 3, 1, 2), AS_COLOUR),
        (torch.from_numpy(COLOUR), AS_COLOUR),
        (AS_COLOUR, AS_COLOUR),
        (torch.from_numpy(GREY), AS_GREY),
        ((GREY / 255).astype(np.float32), AS_GREY),
        (AS_COLOUR.float() / 255, AS_COLOUR),
        (AS_COLOUR.div(255).to(torch.float64), AS_COLOUR),
        (list(COLOUR), AS_COLOUR),
        (list(AS_COLOUR), AS_COLOUR),
        (tuple(AS_COLOUR.float() / 255), AS_COLOUR),
        ([Image.fromarray(image) for image in COLOUR], AS_COLOUR),
        ([Image.fromarray(image) for image in GREY], AS_GREY),
        ([Image.fromarray(GREY[0]), *list(COLOUR[1:])], torch.cat([AS_GREY[:1].expand(-1, 3, -1, -1), AS_COLOUR[1:]])),
    ],
)
def test_149_images_whose_meaning_is_sure_are_taken_to_the_bit(images, expected):
    found = opened(images).train.images
    assert (found.dtype, found.is_contiguous()) == (torch.uint8, True)
    assert torch.equal(found, expected)


@pytest.mark.fault(149)
@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 1] * 3),
        torch.tensor([0, 1] * 3),
        [np.int64(0), np.uint8(1)] * 3,
        [torch.tensor(0), torch.tensor(1)] * 3,
        (False, True) * 3,
    ],
)
def test_149_labels_of_any_library_are_integers(labels):
    found = opened(AS_GREY, labels).train.labels
    assert (found, {type(label) for label in found}) == ([0, 1] * 3, {int})


@pytest.mark.fault(149)
@pytest.mark.parametrize(
    ("images", "why"),
    [
        (GREY.reshape(6, -1), "its images are an array uint8 of shape [6, 72]"),
        (np.zeros((6, 3, 8, 3), np.uint8), "which axis has the channels of an array uint8 of shape [6, 3, 8, 3]"),
        (np.zeros((6, 9, 8, 9), np.uint8), "which axis has the channels of an array uint8 of shape [6, 9, 8, 9]"),
        (AS_GREY.float(), "its images are a tensor float32 of shape [6, 1, 8, 9] of 0..255"),
        (AS_GREY / 255 - 0.5, "its images are a tensor float32 of shape [6, 1, 8, 9] of -0.5..0.5"),
        (torch.full((6, 1, 8, 9), float("nan")), "its images are a tensor float32 of shape [6, 1, 8, 9] of nan..nan"),
        (AS_GREY.long(), "its images are a tensor int64 of shape [6, 1, 8, 9]"),
        (GREY.astype(object), "its images are an array object of shape [6, 8, 9]"),
        ([*list(GREY[:5]), GREY[5, 1:]], "image 5 is 1 x 7 x 9 (channels x height x width), the first 1 x 8 x 9"),
        ([COLOUR[0], COLOUR[1].transpose(2, 0, 1)] * 3, "image 1 has its channels first, image 0 has them last"),
        ([Image.fromarray(GREY[0]), Image.new("RGBA", (9, 8))], "image 1: a PIL image of mode RGBA"),
        ([Path("a.png"), None], "image 0 is PosixPath"),
        (None, "its images are NoneType None"),
        (iter(GREY), "its images are iterator"),
    ],
)
def test_149_images_whose_meaning_is_not_sure_are_refused_by_name(images, why):
    with pytest.raises(zoo.ZooError) as caught:
        opened(images)
    assert caught.value.cause.startswith(f"dataset 'mine', train part: {why}")
    assert caught.value.remedy == ACCEPTED


@pytest.mark.fault(149)
@pytest.mark.parametrize("label", [0.5, "cat", None, [1], np.float32(1), torch.tensor([0, 1])])
def test_149_a_label_that_is_no_whole_number_is_named(label):
    with pytest.raises(zoo.ZooError, match=r"dataset 'mine', train part: label 3 is"):
        opened(AS_GREY, [0, 1, 0, label, 0, 1])


@pytest.mark.fault(149)
def test_149_a_dataset_that_raises_or_returns_something_else_is_named():
    at = rf"division by zero, at {__file__}:{divide.__code__.co_firstlineno + 1}"
    with pytest.raises(zoo.ZooError, match=f"'mine' could not be opened: ZeroDivisionError: {at}"):
        open_plugins(spec(divide), None)
    with pytest.raises(zoo.ZooError, match="'mine' could not be opened: SystemExit"):
        open_plugins(spec(lambda data_dir: sys.exit()), None)
    with pytest.raises(zoo.ZooError, match=r"its open\(\) returned tuple, not zoo.LabelledImages"):
        open_plugins(spec(lambda data_dir: (GREY, [0])), None)
    with pytest.raises(zoo.ZooError, match="not in the mirror"):
        open_plugins(spec(refuse), None)


def divide(data_dir):
    return 1 / 0


@pytest.mark.fault(149)
@pytest.mark.parametrize("split", [(AS_GREY, [0, 1] * 3), None])
def test_149_a_part_that_is_none_is_named(split):
    made = spec(lambda data_dir: zoo.LabelledImages(classes=("a", "b"), train=split, test=split))
    with pytest.raises(zoo.ZooError, match=r"'mine', train part: is \w+, not zoo.Split"):
        open_plugins(made, None)


@pytest.mark.fault(149)
@pytest.mark.parametrize("labels", [None, 3])
def test_149_labels_that_are_no_list_are_named(labels):
    with pytest.raises(zoo.ZooError, match="train part: its labels are"):
        opened(AS_GREY, labels)


@pytest.mark.fault(149)
@pytest.mark.parametrize("classes", ["ab", 2, None])
def test_149_classes_that_are_no_names_are_named(classes):
    with pytest.raises(zoo.ZooError, match="dataset 'mine', its classes are"):
        opened(AS_GREY, classes=classes)


@pytest.mark.fault(149)
def test_149_a_wrong_number_of_classes_is_named_with_the_right_one():
    split = zoo.Split(images=AS_GREY, labels=[0, 1] * 3)
    made = spec(lambda data_dir: zoo.LabelledImages(classes=("a", "b"), train=split), num_classes=3)
    with pytest.raises(zoo.ZooError, match=r"declares num_classes=3, its open\(\) returned 2 classes") as caught:
        open_plugins(made, None)
    assert caught.value.remedy == "declare as many as there are: zoo.DatasetSpec(…, num_classes=2)"


def refuse(data_dir):
    raise zoo.ZooError("not in the mirror")


@pytest.mark.parametrize(("images", "notes"), [(GREY / 255, 1), (list(AS_GREY / 255), 1), (list(GREY), 0), (GREY, 0)])
def test_that_floats_are_rounded_is_said(images, notes):
    split = zoo.Split(images=images, labels=[0, 1] * 3)
    made = spec(lambda data_dir: zoo.LabelledImages(classes=("a", "b"), train=split))
    assert open_plugins(made, None)[1] == ("the dataset's images are floats: rounded to 256 levels",) * notes


def test_paths_may_be_text_and_classes_of_any_kind():
    images = opened(["a.png", Path("b.png")] * 3, classes=np.array([7, 8]))
    assert (images.train.images[:2], images.classes) == ([Path("a.png"), Path("b.png")], ("7", "8"))


@pytest.mark.fault(149)
def test_149_arrays_have_the_fingerprint_of_the_same_pixels_in_a_tensor():
    rows = np.random.default_rng(2).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(20) % 2
    prints = set()
    for images in (rows, torch.from_numpy(rows).permute(0, 3, 1, 2), [Image.fromarray(row) for row in rows]):
        split = zoo.Split(images=images, labels=labels)
        made = spec(lambda data_dir, split=split: zoo.LabelledImages(classes=("a", "b"), train=split))
        prints.add(load(DatasetSource(spec=made)).fingerprint)
    assert len(prints) == 1
