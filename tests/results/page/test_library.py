"""plotly's script: kept once, made whole where it is not, and never silently absent."""

from __future__ import annotations

import sys

import pytest

from results.page import library
from results.page.library import NOT_INSTALLED, beside, installed, within


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A library of a few bytes in place of the installed one."""
    file = tmp_path / "plotly.min.js"
    file.write_text("/**\n* plotly.js v4.1.1\n*/ Plotly = '<!--'")
    monkeypatch.setattr(library, "installed", lambda: file)
    return file


def test_the_installed_script_is_seen_without_importing_plotly():
    loaded = "plotly" in sys.modules
    path = installed()
    assert path is not None
    assert path.stat().st_size > 1_000_000
    assert ("plotly" in sys.modules) == loaded


def test_it_is_written_once_and_again_only_where_it_is_not_whole(small, tmp_path):
    runs = tmp_path / "runs"
    assert beside(runs, "../").src == "../_assets/plotly-4.1.1.min.js"
    kept = runs / "_assets/plotly-4.1.1.min.js"
    before = kept.stat().st_ino
    beside(runs)
    assert kept.stat().st_ino == before
    kept.write_text("half")
    beside(runs)
    assert kept.read_bytes() == small.read_bytes()


def test_within_a_page_it_is_the_same_code(small):
    assert within().code == small.read_text()


def test_where_plotly_is_not_installed_the_page_is_to_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    assert (beside(tmp_path).missing, within().missing) == (NOT_INSTALLED, NOT_INSTALLED)


def test_a_folder_that_cannot_be_written_is_a_reason_and_no_error(small, tmp_path):
    (tmp_path / "_assets").write_text("a file")
    assert "could not be kept beside this page" in beside(tmp_path).missing
