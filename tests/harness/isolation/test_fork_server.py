"""The fork server leaves its children what is theirs, and is gone as soon as the run is."""

from __future__ import annotations

import subprocess
import sys

from harness.isolation import supervisor
from tests.source import ROOT


def test_a_process_ends_without_a_farewell_and_with_success():
    assert said("import atexit; atexit.register(print, 'farewell'); import harness.isolation.fork_server") == ""


def test_what_is_imported_by_then_is_looked_through_for_garbage_no_more():
    assert said("import harness.isolation.fork_server, gc; print(gc.get_freeze_count() > 1000, flush=True)") == "True\n"


def said(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_fork_server_imports_it_after_what_it_preloads_for_trials():
    preloaded = supervisor.PRELOAD  # the tests of faults add to it
    assert preloaded.index("harness.isolation.fork_server") > preloaded.index("harness.isolation.worker")
