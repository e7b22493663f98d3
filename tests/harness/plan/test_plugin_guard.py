"""The guard against plugins that change what is ours is set wherever plugins are loaded."""

from __future__ import annotations

import ast

from harness.plan.plugin_guard import WATCHED
from tests.source import PACKAGES, files, imports_of, parse


def test_all_that_is_ours_is_watched():
    assert set(WATCHED) == set(PACKAGES)


def test_whoever_loads_plugins_names_what_is_watched():
    loading = [file for file in files("harness") if any(one.module == "zoo.discovery" for one in imports_of(file))]
    calls = [node for file in loading for node in ast.walk(parse(file)) if isinstance(node, ast.Call)]
    loads = [ast.unparse(call) for call in calls if ast.unparse(call.func) in {"discover", "collect"}]
    assert len(loads) >= 4
    assert [text for text in loads if "WATCHED" not in text] == []
