import os

import pytest

from harness.data import cache
from harness.data.cache import cache_dir, cached_json, make_room, whole_file


def test_the_cache_folder_honours_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir("pixels") == tmp_path / "zoo" / "pixels"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "file"
    with pytest.raises(TypeError), whole_file(path) as file:
        file.writelines([b"half", None])
    assert list(path.parent.iterdir()) == []
    with whole_file(path) as file:
        file.write(b"all")
    assert path.read_bytes() == b"all"


def test_who_reads_a_file_keeps_it_while_it_is_replaced(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with whole_file(path) as file:
            file.write(b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_json_is_made_once_and_made_again_when_torn(tmp_path):
    path = tmp_path / "x.json"
    assert cached_json(path, lambda: [1]) == [1]
    assert cached_json(path, lambda: [2]) == [1]
    path.write_text('{"half')
    assert cached_json(path, lambda: [3]) == [3]


def test_json_that_cannot_be_kept_is_still_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert cached_json(tmp_path / "file" / "x.json", lambda: [1]) == [1]


def test_the_least_recently_used_files_make_room(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "BUDGET_BYTES", 25)
    for age, name in enumerate("abc"):
        (tmp_path / name).write_bytes(b"0123456789")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert make_room(tmp_path, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_there_is_no_room_for_more_than_the_budget_or_half_the_disk(monkeypatch, tmp_path):
    assert not make_room(tmp_path, cache.BUDGET_BYTES + 1)
    monkeypatch.setattr(cache, "DISK_SHARE", 0)
    assert not make_room(tmp_path, 1)


def test_drafts_of_dead_runs_are_removed_but_not_those_of_living_ones(tmp_path):
    for name, time in (("old.tmp", 0), ("new.tmp", None)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, time if time is None else (time, time))
    make_room(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["new.tmp"]
