"""Order and shared processes of tests, and what became of each numbered fault, for `docs/faults.md`."""

from __future__ import annotations

import gc
import json
import os
from collections import defaultdict
from pathlib import Path

# Files that take longest, the longest first: begun last, they would keep one process busy while the others wait.
LONGEST = (
    "tests/faults/test_trials.py",
    "tests/harness/cli/commands/test_run.py",
    "tests/plugins/test_timm_models.py",
    "tests/harness/api/test_calls.py",
    "tests/harness/cli/commands/test_resume.py",
    "tests/plugins/test_torchvision_models.py",
    "tests/faults/test_models.py",
    "tests/harness/training/ddp/test_backward.py",
    "tests/faults/test_discovery.py",
    "tests/faults/test_signals.py",
    "tests/harness/training/test_finetune.py",
    "tests/harness/training/frozen/test_backbone.py",
    "tests/faults/test_data.py",
    "tests/harness/trial/test_file_predictions.py",
    "tests/faults/test_data_trials.py",
    "tests/harness/trial/test_ranks.py",
)


def pytest_configure(config):
    if hasattr(config, "workerinput"):  # side by side with others, and measuring nothing
        # OpenMP's threads wait for each other at work: among several processes that was a tenth of all that was done.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    path = os.environ.get("FAULTS_RESULTS")
    if path and not hasattr(config, "workerinput"):  # a process of xdist tells the first one
        config.pluginmanager.register(FaultResults(Path(path)))


def pytest_collection_finish():
    """Thousands of tests and all that they import stay: to look through them for garbage took a sixth of the time."""
    gc.freeze()


def pytest_itemcollected(item):
    if mark := item.get_closest_marker("fault"):
        item.user_properties.append(("fault", mark.args[0]))


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


class FaultResults:
    """The outcomes of every test of a number, written as JSON at the end."""

    def __init__(self, path):
        self.path, self.outcomes = path, defaultdict(list)

    def pytest_runtest_logreport(self, report):
        number = dict(report.user_properties).get("fault")
        if number is not None and (report.when == "call" or report.outcome != "passed"):
            self.outcomes[str(number)].append(report.outcome)

    def pytest_sessionfinish(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.outcomes, indent=1))
