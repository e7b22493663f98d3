import hashlib
import os
import zlib

import pytest
from PIL import Image

from harness.data.files import file_facts, identity
from harness.data.files.file_facts import inspect_files
from tests.harness.pictures import noise


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(identity, "YOUNG_NS", 0)  # the files of a test are


def save(path, **options):
    noise(**options).save(path)
    return path


def problem(path, thorough=False):
    return inspect_files([path], thorough=thorough)[0].problem


def reads(monkeypatch):
    """The files that are read from now on."""
    read = []
    look = file_facts.inspect_file

    def watched(path, **options):
        read.append(path)
        return look(path, **options)

    monkeypatch.setattr(file_facts, "inspect_file", watched)
    return read


def test_facts_of_a_file(tmp_path):
    path = save(tmp_path / "x.png", width=30, height=20)
    (facts,) = inspect_files([path])
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.width, facts.height, facts.grey, facts.format, facts.decoded) == (30, 20, False, "PNG", False)
    assert inspect_files([save(tmp_path / "y.png", mode="L")])[0].grey


def test_a_second_look_reads_no_file_and_a_changed_one_is_read_again(tmp_path, monkeypatch):
    paths = [save(tmp_path / f"{n}.png", seed=n) for n in range(3)]
    first = inspect_files(paths)
    save(paths[1], seed=9, width=50)
    read = reads(monkeypatch)
    second = inspect_files(paths)
    assert read == [paths[1]]
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, True]


def test_a_file_changed_at_the_same_size_is_read_again(tmp_path):
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 2 1 255\n" + b"ab")
    (before,) = inspect_files([path])
    path.write_bytes(b"P5 2 1 255\n" + b"cd")
    os.utime(path, ns=(1, 1))
    (after,) = inspect_files([path])
    assert after.sha256 != before.sha256
    assert after.stamp != before.stamp


def test_a_thorough_look_decodes_each_file_once_and_a_plain_one_after_it_reads_nothing(tmp_path, monkeypatch):
    paths = [save(tmp_path / f"{n}.png", seed=n) for n in range(3)]
    inspect_files(paths)
    read = reads(monkeypatch)
    assert all(facts.decoded for facts in inspect_files(paths, thorough=True))
    assert sorted(read) == paths
    inspect_files(paths, thorough=True)
    inspect_files(paths)
    assert sorted(read) == paths


def test_damage_behind_the_header_is_found_by_decoding(tmp_path):
    path = save(tmp_path / "x.png")
    path.write_bytes(path.read_bytes()[:200])
    assert problem(path) == ""
    assert "truncated" in problem(path, thorough=True)


def test_values_that_have_no_meaning_are_found_by_decoding(tmp_path):
    Image.new("F", (8, 8), 2.0).save(tmp_path / "x.tiff")
    assert problem(tmp_path / "x.tiff", thorough=True) == "pixel values outside 0..1"


def with_size(path, width, height):
    """The PNG with another size in its header, and the header's checksum."""
    header = bytearray(path.read_bytes())
    header[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    path.write_bytes(header)
    return path


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [(12_000, 12_000, "12000x12000 pixels, over the limit of 89,478,485"), (1, 300, "1x300 pixels, too narrow")],
)
def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded(
    tmp_path, monkeypatch, width, height, message
):
    monkeypatch.setattr(file_facts, "_decode", None)
    path = with_size(save(tmp_path / "x.png", mode="1"), width, height)
    assert problem(path, thorough=True) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty file"), (b"<html>", "not an image"), (b"\x89PNG\r\n\x1a\n", "not an image"), (b"\0" * 99, "not")],
)
def test_what_is_no_image_is_told_so(tmp_path, content, message):
    (tmp_path / "x.png").write_bytes(content)
    assert message in problem(tmp_path / "x.png")


def test_a_pipe_is_not_opened_and_a_lost_file_is_lost(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert problem(tmp_path / "pipe.png") == "not a regular file"
    assert problem(tmp_path / "x.png") == "No such file or directory"


def test_who_wants_to_know_hears_of_each_file_that_has_to_be_read(tmp_path):
    paths = [save(tmp_path / f"{n}.png", seed=n) for n in range(3)]
    inspect_files(paths[:1])
    heard = []
    inspect_files(paths, tell=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 2), (2, 2)]
