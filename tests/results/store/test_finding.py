"""Which run is meant: by its id, its folder, its path, how its name begins, or the latest."""

from __future__ import annotations

import os

import pytest

from results.errors import StoreError
from results.store.run_store import RUN_FILE, RunStore


def made(output, *names):
    """Runs of these names, the last named the latest."""
    for age, name in enumerate(names):
        (output / name).mkdir(parents=True)
        (output / name / RUN_FILE).write_text('{"schema": 1}')
        os.utime(output / name / RUN_FILE, (age, age))
    return output


def test_a_run_is_found_by_its_id_its_name_and_its_path(tmp_path):
    output = made(tmp_path, "2026-11-20-leaves-7f2a", "2026-11-20-leaves-7f2b")
    for name in ("7f2a", "2026-11-20-leaves-7f2a", str(output / "2026-11-20-leaves-7f2a")):
        assert RunStore.find(name, output).path.name == "2026-11-20-leaves-7f2a"


def test_how_a_name_or_an_id_begins_is_enough_where_no_other_begins_so(tmp_path):
    output = made(tmp_path, "2026-11-20-leaves-7f2a", "2026-11-20-digits-80b1", "2026-11-20-leaves-80")
    assert RunStore.find("7f", output).path.name == "2026-11-20-leaves-7f2a"
    assert RunStore.find("2026-11-20-d", output).path.name == "2026-11-20-digits-80b1"
    # A whole id is that run's, even where another begins so.
    assert RunStore.find("80", output).path.name == "2026-11-20-leaves-80"


def test_without_a_name_the_latest_is_meant_by_when_it_began(tmp_path):
    output = made(tmp_path, "2026-11-20-zebras-7f2a", "2026-11-20-apes-80b1")
    assert RunStore.find(None, output).path.name == "2026-11-20-apes-80b1"


@pytest.mark.parametrize(
    ("name", "cause", "remedy"),
    [
        ("2026", "2026 is how the names begin of 2 runs in .*: 2026-b-12, 2026-a-12$", "give a whole name"),
        ("12", "12 is the id of 2 runs in .*: 2026-b-12, 2026-a-12$", "give a whole name"),
        ("nope", "nope is not the folder of a run, nor the id of one in ", "there are: 2026-b-12, 2026-a-12"),
    ],
)
def test_a_name_of_no_run_or_of_several_says_which_there_are(tmp_path, name, cause, remedy):
    with pytest.raises(StoreError, match=cause) as caught:
        RunStore.find(name, made(tmp_path, "2026-a-12", "2026-b-12"))
    assert (caught.value.remedy, caught.value.exit_code) == (remedy, 4)


def test_where_there_is_no_run_that_is_said(tmp_path):
    with pytest.raises(StoreError, match="there is no run in"):
        RunStore.find(None, tmp_path)
    with pytest.raises(StoreError, match="is not the folder of a run") as caught:
        RunStore.find("7f2a", tmp_path)
    assert caught.value.remedy == "name a folder, or give another --output"
