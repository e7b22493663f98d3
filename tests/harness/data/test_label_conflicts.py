"""One image under two labels, as a file and as pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.label_conflicts import conflicts_of, pairs_of, pixels_note, refuse_conflicts
from zoo import ZooError

FILES = {"train": [Path(f"/d/train/{n}.png") for n in range(5)], "test": [Path("/d/test/5.png"), Path("/d/test/6.png")]}
SAME = {"train": ["a", "b", "a", "c", ""], "test": ["b", ""]}


@pytest.mark.parametrize(
    ("labels", "pairs"),
    [
        ({"train": [0, 1, 0, 0, 0], "test": [1, 1]}, []),
        ({"train": [0, 1, 1, 0, 0], "test": [1, 1]}, ["0.png (also 2.png)", "2.png (also 0.png)"]),
        (
            {"train": [0, 1, 0, 0, 0], "test": [0, 1]},
            ["train/1.png (also test/5.png)", "test/5.png (also train/1.png)"],
        ),
    ],
)
def test_files_of_the_same_bytes_and_other_labels_are_paired_and_unreadable_ones_are_not(labels, pairs):
    conflicts = conflicts_of(FILES, labels, SAME)
    assert [str(file) for file in pairs_of(conflicts)] == pairs
    if pairs:
        with pytest.raises(ZooError, match=r"^2 images are there under two labels: .* \(also .*\), "):
            refuse_conflicts(conflicts)


def test_three_labels_of_one_image_are_three_conflicts():
    labels = {"train": [0, 1, 2, 0, 0], "test": [1, 0]}
    same = {"train": ["a", "a", "a", "b", "c"], "test": ["d", "e"]}
    conflicts = conflicts_of(FILES, labels, same)
    assert [(found.row, found.other.name) for found in conflicts] == [(0, "1.png"), (1, "0.png"), (2, "0.png")]


def test_pixels_with_two_labels_are_counted():
    assert pixels_note({"train": [0, 1, 0]}, {"train": ["a", "b", "a"]}) == ""
    assert pixels_note({"train": [0, 1], "test": [0]}, {"train": ["a", "b"], "test": ["b"]}) == (
        "2 images have the pixels of another with another label"
    )
