"""Keeps what became of each numbered fault, for `docs/faults.md`."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from importlib import import_module
from pathlib import Path

import pytest

from harness.isolation import supervisor

# Here the fork server also starts the command line itself (parents.py), which opens the digits and writes tables.
COMMAND_LINE = ("sklearn.datasets", "harness.runs.start", "pandas")
supervisor.PRELOAD = (*supervisor.PRELOAD, *COMMAND_LINE)

OUTCOMES = pytest.StashKey[dict[str, list[str]]]()


@pytest.fixture(scope="session")
def server():
    """The fork server of the test session, once it has imported all that its children need, as we have."""
    supervisor.start_server()
    for name in COMMAND_LINE:
        import_module(name)
    child = supervisor.context_for("cpu").Process(target=int)
    child.start()
    child.join()


def pytest_configure(config):
    config.stash[OUTCOMES] = defaultdict(list)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    mark = item.get_closest_marker("fault")
    if mark and (call.when == "call" or report.outcome != "passed"):
        item.config.stash[OUTCOMES][str(mark.args[0])].append(report.outcome)


def pytest_sessionfinish(session):
    path = os.environ.get("FAULTS_RESULTS")
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(session.config.stash[OUTCOMES], indent=1))
