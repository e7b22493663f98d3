import os

from harness.data.files import cache
from harness.data.files.cache import cache_dir, make_room


def test_the_cache_folder_honours_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir("pixels") == tmp_path / "zoo" / "pixels"


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
