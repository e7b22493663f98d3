"""The models are the library's, and keep what a run relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import harness
import numpy as np
import pytest
import zoo
from PIL import Image
from zoo.testing import model_checks

import zoo_pytorchcv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = [name for names in zoo_pytorchcv.FAMILIES.values() for name in names]
# As published, for 1,000 classes.
PARAMETERS = {
    "resnet18": 11_689_512,
    "densenet121": 7_978_856,
    "mobilenet_w1": 4_231_976,
    "efficientnet_b0": 5_288_548,
}


def test_the_installed_package_is_found_and_offers_all_its_models() -> None:
    assert harness.models("pytorchcv/*") == [f"pytorchcv/{name}" for name in NAMES]


def test_every_name_is_one_of_the_library() -> None:
    from pytorchcv.model_provider import _models

    assert [name for name in NAMES if name not in _models] == []


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_model_has_as_many_parameters_as_its_paper_says(name: str) -> None:
    task = zoo.Task(num_classes=1000, image_size=224, channels=3)
    model = zoo_pytorchcv.build(name, task)
    assert sum(one.numel() for one in model.parameters()) == PARAMETERS[name]


@model_checks("pytorchcv/resnet10", "pytorchcv/igcv3_wd2")
def test_the_models_keep_what_a_run_relies_on(check: Callable[[], None]) -> None:
    check()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty pictures of noise in two classes."""
    generator = np.random.default_rng(0)
    for number in range(40):
        name = "dark" if number % 2 else "bright"
        noise = generator.integers(0, 128 if number % 2 else 256, (32, 32, 3))
        path = tmp_path / "images" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.astype(np.uint8)).save(path)
    return tmp_path / "images"


def test_a_model_is_trained_beside_one_of_the_harness(
    folder: Path, tmp_path: Path
) -> None:
    run = harness.run(
        ["pytorchcv/resnet18_wd4", "mlp"],
        data_dir=folder,
        device="cpu",
        epochs=1,
        time_budget=0,
        quiet=True,
        output=tmp_path / "runs",
    )
    assert set(run.table["model"]) == {"pytorchcv/resnet18_wd4", "mlp"}
    assert set(run.table["status"]) == {"ok"}
