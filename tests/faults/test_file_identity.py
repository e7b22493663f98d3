"""Fault 119: a file is what its bytes say, whatever its name, size and time of modification."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from harness.data.files import identity
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.sources import CHANGED, FileSource
from tests.faults.folders import pets
from tests.faults.image_files import opened, pixels_of


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pgm(values):
    return b"P5 %d %d 255\n" % values.shape[::-1] + values.astype(np.uint8).tobytes()


@pytest.mark.fault(117)
@pytest.mark.parametrize("replace", ["in place", "another file moved here"])
def test_117_a_file_of_equal_size_and_time_is_another_file(tmp_path, monkeypatch, replace):
    monkeypatch.setattr(identity, "YOUNG_NS", 0)  # as if all of this took hours
    root = pets(tmp_path)
    path = root / "train/cat/x.pgm"
    path.write_bytes(pgm(np.full((16, 16), 10)))
    os.utime(path, ns=(10**18, 10**18))
    before, old = opened(root).fingerprint, pixels_of(root, "train/cat/x.pgm", 1)
    target = path if replace == "in place" else root / "new"
    target.write_bytes(pgm(np.full((16, 16), 200)))
    os.utime(target, ns=(10**18, 10**18))
    target.replace(path)
    assert (old == 10).all()
    assert opened(root).fingerprint != before
    assert (pixels_of(root, "train/cat/x.pgm", 1) == 200).all()


@pytest.mark.fault(117)
def test_117_a_file_that_is_too_young_for_its_time_of_change_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(identity, "YOUNG_NS", 10**12)
    root = pets(tmp_path)
    path = root / "train/cat/x.pgm"
    fingerprints = set()
    for value in range(4):  # within one step of the clock that stamps files
        path.write_bytes(pgm(np.full((16, 16), value)))
        fingerprints.add(opened(root).fingerprint)
    assert len(fingerprints) == 4


@pytest.mark.fault(117)
@pytest.mark.parametrize(("young_ns", "content"), [(0, 1), (10**12, 1), (0, 0), (10**12, 0)])
def test_117_a_change_during_a_run_is_seen_and_another_mode_is_none(tmp_path, monkeypatch, young_ns, content):
    monkeypatch.setattr(identity, "YOUNG_NS", young_ns)
    root = pets(tmp_path)
    path = root / "train/cat/0.png"
    pool = opened(root).pools["train"]
    status = path.stat()
    data = path.read_bytes()
    path.write_bytes(data if content else data[:-1] + b"\0")
    path.chmod(0o600)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    wanted = Geometry(size=16, channels=3, stored_channels=3, short_side=16)
    source = FileSource(pool.images, wanted, states=pool.states)
    blocks = source.blocks([torch.arange(len(pool.images))])
    if content:
        assert len(list(blocks)) == 1
    else:
        with pytest.raises(Exception, match=CHANGED):
            list(blocks)
