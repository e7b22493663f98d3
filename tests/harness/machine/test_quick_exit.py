"""The fork server is gone as soon as the run is."""

from __future__ import annotations

import subprocess
import sys

from harness.isolation import supervisor
from tests.source import ROOT


def test_a_process_ends_without_a_farewell_and_with_success():
    code = "import atexit; atexit.register(print, 'farewell'); import harness.machine.quick_exit"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_fork_server_imports_it_after_what_it_preloads_for_trials():
    preloaded = supervisor.PRELOAD  # the tests of faults add to it
    assert preloaded.index("harness.machine.quick_exit") > preloaded.index("harness.isolation.worker")
