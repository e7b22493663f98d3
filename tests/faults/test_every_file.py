"""Never a silent wrong number: of any folder tree every file is used or counted in a note, or the tree is refused."""

from __future__ import annotations

import os
import struct
import zlib
from itertools import count

import pytest

from harness.data.files.folder import scan_folder
from harness.data.load import DatasetSource, load
from tests.faults.trees import grown, num_files, num_named
from zoo import ZooError

TREES = 500


@pytest.fixture
def closed(monkeypatch):
    """Folders that may not be read: tests may run as root, who may read everything."""
    names: set[str] = set()

    def guarded(look):
        def answer(path="."):
            if str(path) in names:
                raise PermissionError(13, "Permission denied", str(path))
            return look(path)

        return answer

    for look in (os.scandir, os.listdir):
        monkeypatch.setattr(os, look.__name__, guarded(look))
    return names


@pytest.mark.fault(116)
def test_116_of_any_tree_every_file_is_used_or_counted_in_a_note_or_the_tree_is_refused(tmp_path, closed):
    accepted = 0
    for seed in range(TREES):
        made = grown(tmp_path / f"t{seed}", seed)
        total = num_files(made.root, made.closed)
        closed |= made.closed
        scan, refusal = outcome(scan_folder, made.root)
        assert (refusal is None) == (not made.doubtful), f"tree {seed}: {refusal or scan.notes}"
        if refusal is None:
            used = [path for split in scan.images.splits.values() for path in split.images]
            assert len(set(used)) + num_named(scan.notes) == total, f"tree {seed}: {scan.notes}"
            assert len(set(used)) == len(used)
            accepted += 1
    assert 0.6 * TREES < accepted < 0.9 * TREES


def outcome(open_folder, *arguments, **options):
    """What a folder is taken for, or why it is refused, as a person is told."""
    try:
        return open_folder(*arguments, **options), None
    except ZooError as error:
        is_told = error.exit_code == 3 and error.cause.isprintable() and error.remedy
        return None, error.cause if is_told else pytest.fail(f"{error!r} tells nothing")


def picture(number: int) -> bytes:
    """A PNG of one pixel, another one for each number."""
    pixels = zlib.compress(b"\0" + struct.pack(">I", number)[1:])
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), b"IDAT" + pixels, b"IEND"]
    packed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.fault(116)
def test_116_what_remains_after_bad_files_and_copies_is_counted_too(tmp_path, closed, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)  # nothing is kept: each file is written to the disk itself
    accepted = 0
    for seed in range(20):
        numbers = count()
        # Now and then an empty file, or the picture of two files before: a copy, sometimes under another label.
        made = grown(
            tmp_path / f"t{seed}",
            seed,
            num=5,
            content=lambda at=numbers: b"" if (n := next(at)) % 9 == 8 else picture(n - 2 * (n % 7 == 6)),
        )
        total = num_files(made.root, made.closed)
        closed |= made.closed
        dataset, refusal = outcome(load, DatasetSource(data_dir=made.root), skip_bad=True)
        if refusal is not None:
            continue
        assert sum(dataset.counts.values()) + num_named(dataset.notes) == total, f"tree {seed}: {dataset.notes}"
        accepted += 1
    assert accepted >= 8
