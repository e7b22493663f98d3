"""All checks in their order, and a session in which one model goes through them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from zoo.errors import ZooError, first_line
from zoo.testing import behaviour, building, declaration, learning, numerics, side_effects, weights
from zoo.testing.result import EXPECTED, FAILED, NOT_ASKED, NOT_RUN, PASSED, Check, NotApplicable, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoo.testing.subject import Subject

HEAD, STEADY = ("head",), ("head", "deterministic")
_KNOWN: dict[str, None] = {}  # names in their order, for the check that looks at what is declared
CHECKS = {
    check.name: check
    for check in (
        Check(name="name", function=declaration.name),
        Check(name="expectations", function=partial(declaration.expectations, known=_KNOWN)),
        Check(name="builds", function=building.builds),
        Check(name="shape", function=building.shape, needs=("builds",)),
        Check(name="logits", function=building.logits, needs=("shape",)),
        Check(name="head", function=building.head, needs=("logits",)),
        Check(name="classes", function=building.classes, needs=HEAD),
        Check(name="channels", function=building.channels, needs=HEAD),
        Check(name="sizes", function=building.sizes, needs=HEAD),
        Check(name="min_size", function=building.min_size, needs=HEAD),
        Check(name="batch_of_one", function=building.batch_of_one, needs=HEAD),
        Check(name="train_mode", function=learning.train_mode, needs=HEAD),
        Check(name="gradients", function=learning.gradients, needs=HEAD),
        Check(name="head_alone", function=learning.head_alone, needs=HEAD),
        Check(name="deterministic", function=behaviour.deterministic, needs=HEAD),
        Check(name="uses_image", function=behaviour.uses_image, needs=STEADY),
        Check(name="independent", function=behaviour.independent, needs=STEADY),
        Check(name="order", function=behaviour.order, needs=STEADY),
        Check(name="seed_decides", function=weights.seed_decides, needs=HEAD),
        Check(name="seeds_differ", function=weights.seeds_differ, needs=HEAD),
        Check(name="state_dict", function=weights.state_dict, needs=STEADY),
        Check(name="checkpoint", function=weights.checkpoint, needs=("state_dict",)),
        Check(name="channels_last", function=numerics.channels_last, needs=STEADY),
        Check(name="bf16", function=numerics.bf16, needs=STEADY),
        Check(name="torch_switches", function=side_effects.torch_switches, needs=HEAD),
        Check(name="process_state", function=side_effects.process_state, needs=HEAD),
        Check(name="generators", function=side_effects.generators, needs=HEAD),
        Check(name="prints", function=side_effects.prints, needs=HEAD),
        Check(name="light_listing", function=declaration.light_listing),
        Check(name="offline_build", function=declaration.offline_build, needs=HEAD),
        Check(name="fresh_process", function=declaration.fresh_process, needs=("seed_decides", "offline_build")),
        Check(name="compiles", function=numerics.compiles, needs=STEADY, slow=True),
        Check(name="exports", function=numerics.exports, needs=STEADY, slow=True),
    )
}
_KNOWN.update(dict.fromkeys(CHECKS))


class Session:
    """One model on its way through the checks; each runs once, after those that it needs.

    `entered` is called with a check's name as it begins. An exception that `is_none_of_its` of the model, such as one
    of want of memory, is no result of a check: it is raised.
    """

    def __init__(
        self,
        subject: Subject,
        entered: Callable[[str], None] = lambda name: None,
        is_none_of_its: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        self.subject, self.entered, self.is_none_of_its = subject, entered, is_none_of_its
        self.known: dict[str, Result] = {}
        self.blocked: set[str] = set()  # checks that miss one which they need

    def results(self, *, slow: bool = False) -> list[Result]:
        """What came out of each check, in their order; without `slow`, those that take seconds are not run."""
        return [
            self.result(check.name)
            if slow or not check.slow
            else Result(check=check.name, status=NOT_RUN, cause=NOT_ASKED)
            for check in CHECKS.values()
        ]

    def result(self, name: str) -> Result:
        """What comes out of one check. What its model declares to fail has to."""
        if name not in self.known:
            self.known[name] = self._declared(self._carried_out(CHECKS[name]))
        return self.known[name]

    def _carried_out(self, check: Check) -> Result:
        for needed in check.needs:
            if self.result(needed).status in (FAILED, EXPECTED) or needed in self.blocked:
                self.blocked.add(check.name)
                return Result(check=check.name, status=NOT_RUN, cause=f"it needs {needed}")
        self.entered(check.name)
        try:
            check.function(self.subject)
        except NotApplicable as reason:
            return Result(check=check.name, status=NOT_RUN, cause=str(reason))
        except Exception as error:  # whatever a plugin raises is its result
            if self.is_none_of_its(error):
                raise
            return self._failed(check, error)
        return Result(check=check.name, status=PASSED)

    def _failed(self, check: Check, error: Exception) -> Result:
        if isinstance(error, ZooError):
            cause = error.cause.removeprefix(f"{self.subject.spec.name}: ")
            return Result(check=check.name, status=FAILED, cause=cause, remedy=error.remedy)
        cause, remedy = f"{type(error).__name__}: {first_line(error)}", "see the model's own code"
        return Result(check=check.name, status=FAILED, cause=cause, remedy=remedy)

    def _declared(self, result: Result) -> Result:
        reason = self.subject.spec.expected_failures.get(result.check)
        if reason is None or result.check == "expectations":
            return result
        if result.status == FAILED:
            return Result(check=result.check, status=EXPECTED, cause=f"{result.cause} (declared: {reason})")
        if result.status == PASSED:
            cause = f"it passes, though its spec declares that it fails: {reason}"
            return Result(check=result.check, status=FAILED, cause=cause, remedy="take it out of expected_failures")
        return result
