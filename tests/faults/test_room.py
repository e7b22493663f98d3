"""Features that have no room below `--memory-limit` (138) cost time and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.data.pixels import prepare as pixels
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.sources import FileSource, MemorySource
from harness.isolation.child_process import can_limit_memory
from tests.faults.runs import run
from tests.harness.pictures import noise

PLUGIN = Path(__file__).with_name("wide_plugin.py")


@pytest.mark.fault(133)
@pytest.mark.skipif(not can_limit_memory(), reason="memory is limited on Linux only")
def test_133_features_that_would_outgrow_the_memory_limit_are_not_kept(tmp_path, capsys):
    options = ("--finetune", "head", "--memory-limit", "700")
    found = run(tmp_path, "mine/wide", *options, plugin=PLUGIN, capsys=capsys)
    record = found.records["mine/wide"]
    assert (found.code, record.status, record.facts.get("retried_after")) == (0, "ok", None)
    assert "its features are not kept but computed anew in each epoch" in record.facts["notes"]
    assert f"note: mine/wide: {record.facts['notes']}" in found.out
    assert record.facts["notes"] in found.err


@pytest.mark.fault(133)
@pytest.mark.parametrize(("room", "kind"), [(1 << 30, MemorySource), (500, FileSource)])
def test_133_kept_pixels_are_mapped_only_where_the_memory_limit_allows(tmp_path, monkeypatch, room, kind):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(pixels, "room_below_limit", lambda: room)
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        noise(number).save(path)
    geometry = Geometry(size=8, channels=3, stored_channels=3, short_side=8)  # 192 bytes an image
    source = pixels.prepare(paths, geometry, "f")
    assert type(source) is kind
    assert torch.cat(list(source.blocks([torch.arange(5)]))).shape == (5, 3, 8, 8)
