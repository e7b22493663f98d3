"""A fork server that can start the command line too."""

from __future__ import annotations

from importlib import import_module

import pytest

from harness.isolation import supervisor

# Here the fork server also starts the command line itself (parents.py), which opens the digits and writes tables.
COMMAND_LINE = ("sklearn.datasets", "harness.runs.start", "pandas")
supervisor.PRELOAD = (*supervisor.PRELOAD, *COMMAND_LINE)


@pytest.fixture(scope="session")
def server():
    """The fork server of the test session, once it has imported all that its children need, as we have."""
    supervisor.start_server()
    for name in COMMAND_LINE:
        import_module(name)
    child = supervisor.context_for("cpu").Process(target=int)
    child.start()
    child.join()
