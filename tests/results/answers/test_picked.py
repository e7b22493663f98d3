"""What a pick has come to, read from its file."""

from __future__ import annotations

import pytest

from results.answers.picked import Miss, picked
from tests.results.picks import pick_file
from tests.results.runs import Folder


def test_the_account_is_read_whole(tmp_path):
    found = picked(Folder([], path=pick_file(tmp_path)))
    assert [(step.left, step.words, step.seconds) for step in found.steps][1] == (611, "may be fast enough", 64.0)
    assert found.misses == (
        Miss(model="timm/resnet50.a1_in1k", stage="probe 1", reason="14.2 % against 9.8 %, p < 0.001"),
    )
    assert (found.kindness.error, found.kindness.pp, found.kindness.num_images) == (4.1, 1.3, 1200)
    assert found.random.others == 9.8


def test_a_run_that_is_no_picks_has_none(tmp_path):
    assert picked(Folder([], path=tmp_path)) is None


@pytest.mark.parametrize("content", ["", "{}", '{"stages": {}}', '{"stages": {"account": {"steps": 1}}}'])
def test_a_file_that_was_not_finished_or_is_damaged_hides_no_figure_of_the_run(tmp_path, content):
    (tmp_path / "pick.json").write_text(content)
    assert picked(Folder([], path=tmp_path)) is None
