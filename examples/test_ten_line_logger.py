"""The logger is ten lines, and writes one for each trial."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness

FILE = Path(__file__).with_name("ten_line_logger.py")


def test_it_is_ten_lines():
    assert len([line for line in FILE.read_text().splitlines()[1:] if line]) == 10


def test_each_trial_is_a_line(tmp_path):
    options = {"epochs": 1, "time_budget": 0, "quiet": True, "output": tmp_path, "plugins": [FILE], "logger": ["lines"]}
    run = harness.run("mlp", dataset="digits", device="cpu", **options)
    name, status, error = (run.path / "logs" / "lines" / "lines.txt").read_text().splitlines()[-1].split()
    assert (name, status) == ("mlp@s1", "ok")
    assert float(error) == pytest.approx(run.table["top1_err"].item())
