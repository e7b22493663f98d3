"""Every line of the file is an image with its label, and a model is trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import harness
import pytest
import zoo

import csv_images as plugin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plugin.draw(tmp_path / "shapes")
    return tmp_path / "shapes"


def test_every_line_is_an_image_with_its_label(folder: Path) -> None:
    data = plugin.open_images(folder)
    assert data.train.images[4] == folder / "images" / "4.png"
    assert list(data.train.labels) == [0, 1, 2] * 30
    assert data.test is None


def test_a_column_says_which_part_an_image_belongs_to(folder: Path) -> None:
    lines = ["path,label,split", "images/0.png,disc,test", "images/1.png,ring,"]
    (folder / plugin.FILE).write_text("\n".join(lines))
    data = plugin.open_images(folder)
    assert data.test is not None
    assert list(data.test.labels) == [0]
    assert list(data.train.labels) == [1]


@pytest.mark.parametrize(
    "line", ["images/0.png,disk", ",disc", "images/0.png,disc,tset"]
)
def test_a_line_that_cannot_be_meant_is_named(folder: Path, line: str) -> None:
    (folder / plugin.FILE).write_text(f"path,label,split\nimages/0.png,disc,\n{line}\n")
    with pytest.raises(zoo.ZooError, match=f"line 3: {line}"):
        plugin.open_images(folder)


def test_without_the_file_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(zoo.ZooError, match=r"no labels\.csv in") as raised:
        plugin.open_images(tmp_path)
    assert raised.value.remedy == "name its folder: --data-dir FOLDER"


def test_a_model_is_trained_on_it(folder: Path, tmp_path: Path) -> None:
    run = harness.run(
        ["mlp"],
        dataset="shapes-csv",
        data_dir=folder,
        device="cpu",
        epochs=1,
        time_budget=0,
        quiet=True,
        output=tmp_path / "runs",
    )
    assert list(run.table["status"]) == ["ok"]
