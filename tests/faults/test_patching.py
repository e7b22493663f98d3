"""Fault 23 as a person meets it: a fresh process, in which the plugin is the first to ask for the module it patches."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.source import ROOT


@pytest.mark.fault(23)
@pytest.mark.parametrize("limit", ["60", "0"])
@pytest.mark.parametrize(
    "name", ["results.ranking.metrics.score", "results.store.run_store.RunStore", "results.tables.render.printed"]
)
def test_23_what_makes_scores_and_tables_cannot_be_patched_from_a_plugin(tmp_path, name, limit):
    module, _, attribute = name.rpartition(".")
    (tmp_path / "mine.py").write_text(f"import {module}\n{module}.{attribute} = print\n")
    command = [sys.executable, "-m", "harness", "-p", str(tmp_path / "mine.py"), "run", "--plugins", "mine/net"]
    environment = {"PATH": "", "ZOO_PLUGIN_TIMEOUT": limit}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stderr.startswith(f"warning: plugin mine (file: {tmp_path}/mine.py): changed {name}, at {tmp_path}/")
