"""The contract of a model: one kit of checks for plugin authors, and for all that ships.

In the tests of a plugin, a test for each model and check:

    from zoo.testing import model_checks

    @model_checks("mine/tiny", plugins=["my_net.py"])
    def test_my_models(check):
        check()

`failures(spec)` says in one list what a spec does not pass; `harness check NAME…` does the same from a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from zoo.specs import ModelSpec
    from zoo.testing.result import Result

__all__ = ["failures", "model_checks"]


def model_checks(
    *models: str | ModelSpec, plugins: Sequence[str | Path] = (), slow: bool = False
) -> Callable[[Any], Any]:
    """A pytest parametrisation of a test that takes `check`, with the ids `<model>-<check>`.

    `models` are names and globs, of what is installed and of `plugins` (files or modules), or specs; of a spec, what
    asks for a process of its own is skipped. `slow` adds what takes seconds a model: "compiles" and "exports". What a
    spec declares in `expected_failures` is an xfail, and a failure where it passes.
    """
    from zoo.testing.parametrise import parametrised

    return parametrised(models, [str(plugin) for plugin in plugins], slow=slow)


def failures(spec: ModelSpec, *, slow: bool = False) -> list[Result]:
    """The checks that `spec` does not pass and does not declare."""
    from zoo.testing.kit import Session
    from zoo.testing.subject import Subject

    return [result for result in Session(Subject(spec)).results(slow=slow) if result.status == "failed"]
