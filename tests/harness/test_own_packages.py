"""Our packages are found beside the harness, and the current folder is left out of the path."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from harness import own_packages


def test_a_stranger_under_our_name_is_an_error_and_a_folder_counts(monkeypatch):
    stranger = ModuleType("results")
    stranger.__path__ = ["/home/me/results"]
    monkeypatch.setitem(sys.modules, "results", stranger)
    with pytest.raises(ImportError, match=r"package 'results' .* from /home/me/results"):
        own_packages.pin()


def test_only_our_names_are_ours():
    find = own_packages.OwnPackages.find_spec
    assert find("zoo", None).origin == f"{own_packages.HOME}/zoo/__init__.py"
    assert (find("torch", None), find("zoo_of_mine", None)) == (None, None)


@pytest.mark.parametrize(
    ("first", "left"), [("/somewhere", ["/lib"]), (own_packages.HOME, [own_packages.HOME, "/lib"])]
)
def test_the_current_folder_goes_unless_the_harness_is_in_it(monkeypatch, first, left):
    monkeypatch.setattr(sys, "path", [first, "/lib"])
    own_packages.leave_current_folder_out()
    assert sys.path == left
