"""A crash at any single operation leaves the old content or the new, and never a part."""

from __future__ import annotations

import errno
import os

import pytest

from results.store import atomic
from results.store.atomic import whole_file, write_atomic, write_first

OPERATIONS = ("open", "fsync", "close", "replace", "unlink")


class Crash(BaseException):
    """The process is gone: not even its clean-up runs."""


def crash_at(monkeypatch, number):
    """Make the `number`th operation on disk, and each one after it, end the process."""
    count = 0

    def dying(operation):
        def run(*arguments, **options):
            nonlocal count
            count += 1
            if count >= number:
                raise Crash
            return operation(*arguments, **options)

        return run

    for name in OPERATIONS:
        monkeypatch.setattr(os, name, dying(getattr(os, name)))


@pytest.mark.parametrize("number", range(1, 8))
def test_a_crash_at_any_operation_leaves_old_or_new(tmp_path, monkeypatch, number):
    path = tmp_path / "record.json"
    write_atomic(path, b"old")
    with monkeypatch.context() as patch:
        crash_at(patch, number)
        try:
            write_atomic(path, b"the new one")
        except Crash:
            assert number <= 6
        else:
            assert number == 7, "the sweep must reach the last operation"
    assert path.read_bytes() == (b"old" if number <= 3 else b"the new one")


def test_an_interrupt_leaves_no_draft(tmp_path, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "a.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
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


@pytest.mark.parametrize("number", [0, errno.EPERM])
def test_of_two_that_write_a_file_the_first_stays(tmp_path, monkeypatch, number):
    def refused(*names):
        raise OSError(number, "no links")

    if number:
        monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "record.json"
    assert write_first(path, b"first")
    assert not write_first(path, b"second")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("record.json", b"first")]
