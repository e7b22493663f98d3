"""Names of test images: they come back whatever they are, are written once, and lead nowhere but into their folder."""

from __future__ import annotations

import json
from time import perf_counter

import pytest

from results.errors import StoreError
from results.store.image_names import IMAGES_FILE, ImageNames, keep, read
from results.store.run_store import RunStore

NASTY = ["elm/a b.png", 'oak/"quoted".png', "oak/line\nbreak.png", "oak/\udcff.png", "樱花/1.png", "a/..b.png"]


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path, "leaves", {})


def names_of(images, folder="/data/leaves"):
    return ImageNames(folder=folder, pool="test", images=images, labels=[n % 3 for n in range(len(images))])


def test_names_come_back_and_there_is_a_line_for_each(store):
    keep(store, names_of(NASTY))
    assert read(store) == names_of(NASTY)
    lines = (store.path / IMAGES_FILE).read_text().splitlines()
    assert [json.loads(line.rstrip(","))[0] for line in lines[1:-1]] == NASTY


def test_rows_of_a_tensor_come_back_too(store):
    keep(store, names_of([7, 4], folder=""))
    assert read(store) == names_of([7, 4], folder="")


def test_a_run_of_before_has_none(store):
    assert read(store) is None


def test_what_is_there_stays_and_what_differs_or_is_damaged_is_written_anew(store):
    path = store.path / IMAGES_FILE
    keep(store, names_of(NASTY))
    first = path.stat().st_ino
    keep(store, names_of(NASTY))
    assert path.stat().st_ino == first
    path.write_text("{")
    keep(store, names_of(NASTY[:2]))
    assert read(store) == names_of(NASTY[:2])


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"folder": "/x", "pool": "test", "images": 3}',
        '{"folder": "/x", "pool": "test", "images": [["a.png"]]}',
        '{"folder": "/x", "pool": "test", "images": [["a.png", "0"]]}',
        '{"folder": "/x", "pool": "test", "images": [[3, 0]]}',
        '{"folder": "/x", "pool": "test", "images": [["a/../../b.png", 0]]}',
        '{"folder": "/x", "pool": "test", "images": [["/etc/passwd", 0]]}',
        '{"folder": "", "pool": "test", "images": [["a.png", 0]]}',
    ],
)
def test_a_file_that_is_damaged_or_leads_elsewhere_is_refused(store, content):
    (store.path / IMAGES_FILE).write_text(content)
    with pytest.raises(StoreError, match=r"test_images\.json is damaged \("):
        read(store)


@pytest.mark.slow
def test_a_million_names_cost_seconds(store):
    names = names_of([f"class{n % 1000}/image{n}.jpg" for n in range(1_000_000)])
    start = perf_counter()
    keep(store, names)
    assert read(store) == names
    assert perf_counter() - start < 20
