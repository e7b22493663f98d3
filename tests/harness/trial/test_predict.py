"""New images go through the very functions that the training images went through."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

import harness
from harness.data.pixels.geometry import Geometry
from harness.trial.predict import Transform
from tests.faults.folders import pets

RGB = Geometry(size=8, channels=3, stored_channels=3, short_side=9)


def picture(width=20, height=14, channels=3):
    values = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(values.squeeze())


def test_a_file_and_an_opened_image_become_the_same_floats(tmp_path):
    picture().save(tmp_path / "a.png")
    transform = Transform(RGB, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2))
    from_file = transform(tmp_path / "a.png")
    assert from_file.shape == (3, 8, 8)
    assert torch.equal(from_file, transform(str(tmp_path / "a.png")))
    assert torch.equal(from_file, transform(picture()))


def test_pixels_of_the_models_own_size_are_only_normalised():
    pixels = torch.randint(0, 256, (1, 8, 8), dtype=torch.uint8)
    transform = Transform(Geometry(size=8, channels=3, stored_channels=1, short_side=8), (0.5,), (0.25,))
    assert torch.allclose(transform(pixels), ((pixels / 255 - 0.5) / 0.25).expand(3, 8, 8), atol=1e-6)


def test_an_image_that_was_handed_over_stays_as_it_was():
    image = picture()
    image.getexif()[0x0112] = 6  # turned by a quarter
    Transform(RGB, (0.5,), (0.5,))(image)
    assert image.size == (20, 14)
    assert image.getexif()[0x0112] == 6


@pytest.mark.once
def test_the_test_files_of_a_run_are_judged_as_the_run_judged_them(tmp_path):
    root, names = pets(tmp_path), ["mlp", "resnet18"]
    run = harness.run(names, data_dir=root, output=tmp_path, epochs=1, time_budget=0.01, isolation=False, quiet=True)
    files = [file for name in ("cat", "dog") for file in sorted((root / "test" / name).iterdir())]
    for record in run.records:
        model = harness.load(run.checkpoints[record.model, 1])
        judged = torch.tensor(run.store.predictions(record)["log_probs"]).exp()
        assert model.classes == ("cat", "dog")
        assert torch.allclose(model.predict(*files), judged, atol=1e-5)
        assert harness.load(as_before(run.checkpoints[record.model, 1])).transform.geometry == model.transform.geometry


def as_before(folder):
    """The checkpoint with a card as the first runs wrote it: without the crop, which followed from the weights."""
    card = json.loads((folder / "model.json").read_text())
    size = {"image_size": card.pop("img_size")}
    kept = {name: value for name, value in card.items() if name not in {"short_side", "stored_channels"}}
    (folder / "model.json").write_text(json.dumps(kept | size))
    return folder
