"""A check of the kit, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

NOT_ASKED = "it takes seconds, and was not asked for"
PASSED, FAILED, EXPECTED, NOT_RUN = "passed", "failed", "failed as declared", "not run"


class NotApplicable(Exception):
    """The check says nothing of this model; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One promise of a model. `function` raises ZooError where it is broken, with the cause and the remedy.

    It runs where the checks that it `needs` have passed: what they say would be said twice. `slow` ones, which take
    seconds, run when they are asked for.
    """

    name: str
    function: Callable[[Subject], None]
    needs: tuple[str, ...] = ()
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came out of one check: "passed", "failed", "failed as declared" or "not run", with the cause of the last
    three and the remedy of a failure.
    """

    check: str
    status: str
    cause: str = ""
    remedy: str = ""
