"""Images that every model missed: as thumbnails where their files are there, and said where they are not."""

from __future__ import annotations

import pytest
from PIL import Image

from results.page.report_run import report_run
from results.page.sections import missed
from results.page.sections.missed import section
from results.store import image_names
from results.store.image_names import IMAGES_FILE, ImageNames
from tests.results.answers.test_hard import LABELS, answering
from tests.results.runs import trial
from tests.results.samples import stored_run

ALL_MISS = {"i0": [0.3, 0.5, 0.2], "i3": [0.9, 0.05, 0.05]}


def run_with(tmp_path, *, folder="", files=()):
    """A run that missed the first image and the fourth, with its images' names; `files` of these are there."""
    store = stored_run(tmp_path, [answering("a", **ALL_MISS), answering("b", **ALL_MISS)])
    names = [f"leaf{row}.png" for row in range(len(LABELS))]
    images = ImageNames(folder=folder, pool="test", images=names if folder else range(7), labels=LABELS.tolist())
    image_names.keep(store, images)
    for name in files:
        Image.new("RGB", (20, 10), "red").save(tmp_path / name)
    return store


def shown(store):
    return section(report_run(store)).data


def test_each_is_shown_with_its_label_and_what_it_was_taken_for(tmp_path):
    found = shown(run_with(tmp_path, folder=str(tmp_path), files=("leaf0.png", "leaf3.png")))
    assert found["said"].startswith("2 of 7 test images were missed by all 2 trials")
    assert [(one["file"], one["label"], one["taken_for"]) for one in found["images"]] == [
        ("leaf3.png", "oak", "elm"),
        ("leaf0.png", "elm", "oak"),
    ]
    assert all(one["source"].startswith("data:image/png;base64,") and one["small"] for one in found["images"])
    assert found["unseen"] == ""


def test_files_that_are_gone_are_said(tmp_path):
    found = shown(run_with(tmp_path, folder=str(tmp_path), files=("leaf3.png",)))
    assert [bool(one["source"]) for one in found["images"]] == [True, False]
    assert found["unseen"] == f"Not shown: 1 image that cannot be read any more in {tmp_path}."


def test_a_dataset_without_files_and_a_run_of_before_say_why_nothing_is_shown(tmp_path):
    store = run_with(tmp_path)
    assert shown(store)["unseen"] == "This dataset has no files: its images cannot be shown."
    (store.path / IMAGES_FILE).unlink()
    assert "earlier version" in shown(store)["unseen"]


def test_a_damaged_list_of_images_costs_the_pictures_and_not_the_page(tmp_path):
    store = run_with(tmp_path)
    (store.path / IMAGES_FILE).write_text("{")
    found = shown(store)
    assert found["images"] == []
    assert "is damaged" in found["unseen"]


def test_thumbnails_together_stay_within_their_room(tmp_path, monkeypatch):
    store = run_with(tmp_path, folder=str(tmp_path), files=("leaf0.png", "leaf3.png"))
    (first, _) = shown(store)["images"]
    monkeypatch.setattr(missed, "MOST_BYTES", len(first["source"]) + 10)
    found = shown(store)
    assert [bool(one["source"]) for one in found["images"]] == [True, False]
    assert found["unseen"] == "Not shown: 1 image that the page has no room for."


def test_only_the_first_are_shown_and_how_many_more_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(missed, "MOST_IMAGES", 1)
    store = run_with(tmp_path)
    assert shown(store)["more"] == f"1 more: harness hard {store.path.name}"


def test_a_run_without_predictions_has_none(tmp_path):
    store = stored_run(tmp_path, [trial("net", status="failed", cause="x")])
    assert section(report_run(store)) is None


def test_none_missed_by_all_is_said(tmp_path):
    found = shown(stored_run(tmp_path, [answering("a"), answering("b", i0=[0.1, 0.8, 0.1])]))
    assert found["said"].startswith("none of 7 test images was missed by all 2 trials")
    assert found["images"] == []
    assert pytest.approx(0) == len(found["unseen"])
