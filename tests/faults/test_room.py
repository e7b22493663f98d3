"""Features that have no room below `--memory-limit` (138) cost time and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.isolation.child_process import can_limit_memory
from tests.faults.runs import run

PLUGIN = Path(__file__).with_name("wide_plugin.py")


@pytest.mark.fault(138)
@pytest.mark.skipif(not can_limit_memory(), reason="memory is limited on Linux only")
def test_138_features_that_would_outgrow_the_memory_limit_are_not_kept(tmp_path, capsys):
    options = ("--finetune", "head", "--memory-limit", "700")
    found = run(tmp_path, "mine/wide", *options, plugin=PLUGIN, capsys=capsys)
    record = found.records["mine/wide"]
    assert (found.code, record.status, record.facts.get("retried_after")) == (0, "ok", None)
    assert "its features are not kept but computed anew in each epoch" in record.facts["notes"]
    assert f"note: mine/wide: {record.facts['notes']}" in found.out
    assert record.facts["notes"] in found.err
