"""What a spec declares, and what a process that knows nothing of this one makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.names import did_you_mean, is_valid
from zoo.testing.result import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Collection

    from zoo.testing.subject import Subject


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
    if not is_same_elsewhere(subject):
        cause = "another process builds other weights from the same seed"
        raise ZooError(cause, "let nothing depend on hash(), on the order of a set, or on what was built before")


def is_same_elsewhere(subject: Subject) -> bool:
    """Whether another process builds the same weights, as its first, that this one built as its second."""
    here = subject.second.digest
    try:
        there = _elsewhere(subject)
    except (NotApplicable, ZooError):  # which `fresh_process` says
        return False
    return bool(there["digest"] == here)


def _elsewhere(subject: Subject) -> dict[str, Any]:
    """What `zoo.testing.fresh_process` says of the model."""
    return subject.once(_asked)


def _asked(subject: Subject) -> dict[str, Any]:
    if subject.question is None:
        raise NotApplicable("of a spec without its plugin, no other process can build it")
    return subject.question.answer()
