"""Keeps what became of each numbered fault, for `docs/faults.md`."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

OUTCOMES = pytest.StashKey[dict[str, list[str]]]()


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
