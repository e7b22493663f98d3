"""The file that a figure becomes: whole or not at all, the same each time."""

from __future__ import annotations

import sys

import pytest
from PIL import Image

from results.errors import StoreError
from results.pictures.figure import new_figure, save


def drawn():
    figure = new_figure(2, 1)
    figure.text(0.5, 0.5, "日 oak")
    return figure


def test_a_png_has_the_size_of_its_figure_and_no_window_is_asked_for(tmp_path):
    save(drawn(), tmp_path / "a.PNG")
    with Image.open(tmp_path / "a.PNG") as image:
        assert (image.format, image.size) == ("PNG", (300, 150))
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("name", ["a.png", "a.svg"])
def test_the_same_figure_is_the_same_file(tmp_path, name, recwarn):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save(drawn(), tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert not recwarn.list


@pytest.mark.parametrize("name", ["a.pdf", "a", "png"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(StoreError) as caught:
        save(drawn(), tmp_path / name)
    assert caught.value.remedy == "let it end in .png or .svg"
    assert caught.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "folder.png", tmp_path / "gone" / "a.png"):
        with pytest.raises(StoreError, match="cannot be written"):
            save(drawn(), path)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_without_matplotlib_that_is_said_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(StoreError) as caught:
        new_figure(1, 1)
    assert (caught.value.cause, caught.value.exit_code) == ("drawing needs matplotlib", 3)
    assert caught.value.remedy == "pip install matplotlib"
