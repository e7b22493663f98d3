"""The file of a pick: a stage is done once, and what is gone on with is what was kept."""

from __future__ import annotations

import json

import pytest

from harness.picks.pick_file import PickFile
from results.errors import StoreError
from results.store.run_store import RunStore


def store(tmp_path):
    return RunStore.create(tmp_path, "leaves", {})


def test_a_stage_is_computed_once_and_comes_back_as_plain_data(tmp_path):
    folder = store(tmp_path)
    file = PickFile(folder, {"seed": 1})
    assert file.once("anchors", lambda: {"net": (1.5, 2)}) == {"net": [1.5, 2]}
    again = PickFile.open(folder)
    assert again.arguments == {"seed": 1}
    assert again.once("anchors", lambda: pytest.fail("computed twice")) == {"net": [1.5, 2]}


def test_a_stage_that_fails_is_not_kept(tmp_path):
    file = PickFile(store(tmp_path))
    with pytest.raises(ZeroDivisionError):
        file.once("clock", lambda: 1 / 0)
    assert file.once("clock", lambda: 3) == 3


def test_without_a_folder_nothing_is_written(tmp_path):
    assert PickFile().once("anchors", lambda: [1]) == [1]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "is damaged"),
        ("{}", "is damaged"),
        (json.dumps({"schema": 9, "arguments": {}, "stages": {}}), "later version"),
    ],
)
def test_a_file_that_cannot_be_gone_on_with_is_one_line(tmp_path, content, cause):
    folder = store(tmp_path)
    (folder.path / "pick.json").write_text(content)
    with pytest.raises(StoreError, match=cause):
        PickFile.open(folder)
