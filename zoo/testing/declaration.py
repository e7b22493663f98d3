"""What a spec declares, and what a process that knows nothing of this one makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.names import did_you_mean, is_valid
from zoo.testing.result import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Collection

    from zoo.testing.subject import Subject

SECONDS = 600
TAIL = 200


def name(subject: Subject) -> None:
    """The name can be typed, and is no path."""
    if not is_valid(subject.spec.name):
        raise ZooError(f"{subject.spec.name!r} is no valid name", "use letters, digits, _ . - and at most one /")


def expectations(subject: Subject, known: Collection[str]) -> None:
    """What is declared to fail is a check of the kit, with a reason."""
    for check, reason in subject.spec.expected_failures.items():
        if check not in known:
            cause = f"expected_failures names '{check}', which is no check{did_you_mean(check, known)}"
            raise ZooError(cause, f"the checks are {', '.join(known)}")
        if not isinstance(reason, str) or not reason.strip():
            raise ZooError(f"expected_failures has no reason for '{check}'", "say why it fails, in a few words")


def light_listing(subject: Subject) -> None:
    """Listing the plugin's models loads no library of models."""
    heavy = _elsewhere(subject)["heavy"]
    if heavy:
        cause = f"listing its plugin imports {', '.join(heavy)}, for which every command waits"
        raise ZooError(cause, "import it inside the build function, or give build as 'module:function'")


def offline_build(subject: Subject) -> None:
    """Random weights are built without a network."""
    asked = _elsewhere(subject)["asked"]
    if asked:
        raise ZooError(f"building it asks the network for {asked[0]}", "download only where task.weights asks for it")


def fresh_process(subject: Subject) -> None:
    """Another process, with other hashes of texts, builds the same weights from the same seed."""
    there = _elsewhere(subject)
    if there["problem"]:
        raise ZooError(f"in a process of its own: {there['problem']}", "let the build depend on its task only")
    if there["digest"] != subject.digest:
        cause = "another process builds other weights from the same seed"
        raise ZooError(cause, "let nothing depend on hash(), on the order of a set, or on what was built before")


def _elsewhere(subject: Subject) -> dict[str, Any]:
    """What `zoo.testing.fresh_process` says of the model."""
    if not subject.source:
        raise NotApplicable("of a spec without its plugin, no other process can build it")
    return subject.once(_asked)


def _asked(subject: Subject) -> dict[str, Any]:
    task = {key: value for key, value in asdict(subject.task).items() if key not in ("options", "weights")}
    job = {"name": subject.name, "source": subject.source, "plugins": subject.plugins, "task": task}
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "ZOO_PLUGIN_TIMEOUT": "0"}
    ended = subprocess.run(
        [sys.executable, "-m", "zoo.testing.fresh_process", json.dumps(job)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = (ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"])[-1]
        raise ZooError(f"a process of its own says nothing: {last[:TAIL]}", "see: harness plugins") from None
    return answer
