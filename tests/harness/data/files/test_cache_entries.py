import os

import pytest

from harness.data.files.cache import cache_dir
from harness.data.files.cache_entries import NoRoom, entries, make_room
from harness.data.files.cache_users import hold
from harness.data.formats.versions import decoder_version


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_CACHE_SIZE", "35")


def kept(kind, name, *, age, version=None):
    """A file of ten bytes that was used so long ago."""
    folder = cache_dir(kind, decoder_version() if version is None else version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"0123456789")
    os.utime(folder / name, (10**9 - age, 10**9 - age))


def names():
    return {entry.path.name for entry in entries()}


def test_the_least_recently_used_of_all_kinds_make_room():
    for age, (kind, name) in enumerate([("pixels", "a"), ("files", "b"), ("pixels", "c"), ("files", "d")]):
        kept(kind, name, age=age)
    make_room(15)
    assert names() == {"a", "b"}


def test_what_other_versions_made_goes_first_however_new_it_is():
    kept("pixels", "own", age=100)
    kept("pixels", "flat", age=1, version="")  # as of before there were versions
    kept("files", "other", age=2, version="v1-0123")
    make_room(15)
    assert names() == {"own", "flat"}
    make_room(25)
    assert names() == {"own"}
    assert not cache_dir("files", "v1-0123").exists()


def test_what_a_living_run_uses_stays_and_says_so():
    kept("pixels", f"{'f' * 32}-8x8.u8", age=100)
    kept("pixels", "other", age=0)
    with hold(["f" * 64]):
        make_room(25)
        assert names() == {f"{'f' * 32}-8x8.u8"}
        with pytest.raises(NoRoom, match="what runs are using fills the cache's 35 B"):
            make_room(30)
    make_room(30)
    assert names() == set()


def test_nothing_is_deleted_for_a_file_that_has_no_room_anyway():
    kept("pixels", "a", age=0)
    with pytest.raises(NoRoom, match=r"the cache takes at most 35 B \(ZOO_CACHE_SIZE sets that\)"):
        make_room(36)
    assert names() == {"a"}


def test_a_disk_without_room_is_no_room(monkeypatch):
    monkeypatch.setattr("harness.data.files.cache_entries.free_bytes", lambda: 4)
    with pytest.raises(NoRoom, match="the disk has 4 B left"):
        make_room(5)


def test_drafts_of_dead_runs_go_first_and_those_of_living_ones_are_not_seen():
    kept("pixels", "old.tmp", age=0)
    kept("pixels", "own", age=100)
    (cache_dir("pixels", decoder_version()) / "new.tmp").write_bytes(b"0123456789")
    assert names() == {"old.tmp", "own"}
    make_room(20)
    assert names() == {"own"}


def test_links_and_folders_of_others_are_left_alone(tmp_path):
    kept("datasets", "mnist.gz", age=1000, version="")
    kept("pixels", "own", age=1)
    (cache_dir("pixels") / "link").symlink_to(tmp_path)
    assert names() == {"own"}
