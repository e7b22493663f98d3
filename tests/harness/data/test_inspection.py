import hashlib
import os
import zlib

import pytest

from harness.data import inspection
from harness.data.inspection import inspect_files
from tests.harness.pictures import noise
from zoo import ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def save(path, **options):
    noise(**options).save(path)
    return path


def test_facts_of_a_file(tmp_path):
    path = save(tmp_path / "x.png", width=30, height=20)
    (facts,) = inspect_files([path])
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.short_side, facts.grey) == (20, False)
    assert inspect_files([save(tmp_path / "y.png", mode="L")])[0].grey


def test_a_second_look_reads_no_file_and_a_changed_one_is_read_again(tmp_path, monkeypatch):
    paths = [save(tmp_path / f"{n}.png", seed=n) for n in range(3)]
    first = inspect_files(paths)
    save(paths[1], seed=9, width=50)
    read = []
    look = inspection.inspect_file
    monkeypatch.setattr(inspection, "inspect_file", lambda path: read.append(path) or look(path))
    second = inspect_files(paths)
    assert read == [paths[1]]
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, True]


def test_a_file_changed_at_the_same_size_is_read_again(tmp_path):
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 2 1 255\n" + b"ab")
    (before,) = inspect_files([path])
    path.write_bytes(b"P5 2 1 255\n" + b"cd")
    os.utime(path, ns=(1, 1))
    assert inspect_files([path])[0].sha256 != before.sha256


def test_all_unreadable_files_are_named_at_once(tmp_path):
    contents = {"0.png": b"", "1.png": b"<html>", "2.png": b"\x89PNG\r\n\x1a\n", "3.png": b"\0" * 99, "4.png": b"."}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ZooError, match=r"^5 images cannot be read: 0.png \(empty file\), .* and 2 more$"):
        inspect_files([tmp_path / name for name in contents])


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path):
    path = save(tmp_path / "x.png", mode="1")
    header = bytearray(path.read_bytes())
    header[16:24] = (12_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    path.write_bytes(header)
    with pytest.raises(ZooError, match="12000x12000 pixels, over the limit"):
        inspect_files([path])


def test_a_file_that_vanished_is_named(tmp_path):
    with pytest.raises(ZooError, match=r"x.png \(No such file or directory\)"):
        inspect_files([tmp_path / "x.png"])
