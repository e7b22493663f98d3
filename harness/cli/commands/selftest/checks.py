"""Every check, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from harness.cli.commands.selftest import clocks, counts, learning
from harness.cli.commands.selftest.parts import Check, Finding, Parts

CHECKS: tuple[Check, ...] = (
    clocks.clock_waits_for_the_device,
    clocks.sleeping_adds_its_time,
    clocks.twice_the_layers_take_twice_the_time,
    counts.known_network_has_its_known_work,
    learning.painted_labels_are_learned,
    learning.random_labels_give_chance,
)


# A busy machine spoils a time now and then; a fault spoils it every time.
NUM_TRIES = 5


def run(parts: Parts) -> Iterator[tuple[str, Finding]]:
    """Each check's name and finding, as soon as it is known."""
    for check in CHECKS:
        yield check.__name__.replace("_", " "), repeated(check, parts)


def repeated(check: Check, parts: Parts) -> Finding:
    """The first good finding of a few tries, else the last one. A check that raises has failed."""
    for _ in range(NUM_TRIES):
        try:
            finding = check(parts)
        except Exception as error:
            return Finding(ok=False, seen=f"{type(error).__name__}: {error}")
        if finding.ok:
            break
    return finding
