import pytest

from harness.data.files import cache
from harness.data.files.cache import bound, cache_dir
from zoo import ZooError


def test_the_cache_folder_honours_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir("pixels") == tmp_path / "zoo" / "pixels"
    assert cache_dir("pixels", "v2") == tmp_path / "zoo" / "pixels" / "v2"


@pytest.mark.parametrize(
    ("text", "num_bytes"),
    [("0", 0), ("1000", 1000), ("20G", 20 * 2**30), ("1.5 TiB", 3 * 2**39), ("500MB", 500 * 2**20), (" 2k ", 2048)],
)
def test_a_person_sets_the_bound(monkeypatch, text, num_bytes):
    monkeypatch.setenv("ZOO_CACHE_SIZE", text)
    assert bound(0) == num_bytes


@pytest.mark.parametrize("text", ["many", "-1", "20X", "1e9", "G"])
def test_what_is_no_size_is_refused(monkeypatch, text):
    monkeypatch.setenv("ZOO_CACHE_SIZE", text)
    with pytest.raises(ZooError, match=f"^ZOO_CACHE_SIZE is '{text}', which is no size$") as raised:
        bound(0)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(("free", "held", "expected"), [(10, 6, 8), (2**40, 0, 32 * 2**30), (0, 6, 3)])
def test_without_one_it_is_half_of_what_the_disk_has_and_at_most_32_gib(monkeypatch, free, held, expected):
    monkeypatch.delenv("ZOO_CACHE_SIZE", raising=False)
    monkeypatch.setattr(cache, "free_bytes", lambda: free)
    assert bound(held) == expected


def test_free_space_is_asked_of_the_disk_of_a_folder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not/yet"))
    assert cache.free_bytes() > 0
