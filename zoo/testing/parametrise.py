"""The checks as cases of a pytest test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.specs import ModelSpec
from zoo.testing.elsewhere import FreshProcess
from zoo.testing.kit import CHECKS, Session
from zoo.testing.result import EXPECTED, FAILED, NOT_RUN
from zoo.testing.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class CheckCase:
    """One check of one model; to be called in a test."""

    def __init__(self, session: Session, name: str) -> None:
        self.session, self.name = session, name

    def __call__(self) -> None:
        """Fail, skip or xfail as the check says. Raises AssertionError with its cause and remedy."""
        import pytest

        result = self.session.result(self.name)
        if result.status == FAILED:
            raise AssertionError(f"{result.cause}\n{result.remedy}")
        if result.status == EXPECTED:
            pytest.xfail(result.cause)
        if result.status == NOT_RUN:
            pytest.skip(result.cause)

    def __repr__(self) -> str:
        return f"{self.session.subject.name}-{self.name}"


def parametrised(models: Sequence[str | ModelSpec], plugins: Sequence[str], *, slow: bool) -> Callable[[Any], Any]:
    """Of a test that takes `check`, one case for each model and check."""
    import pytest

    names = [check.name for check in CHECKS.values() if slow or not check.slow]
    sessions = [Session(subject) for subject in subjects(models, plugins)]
    return pytest.mark.parametrize("check", [CheckCase(one, name) for one in sessions for name in names], ids=repr)


def subjects(models: Sequence[str | ModelSpec], plugins: Sequence[str]) -> Iterator[Subject]:
    """The models that are meant; of names, what is installed and `plugins` are looked through."""
    from zoo.discovery import discover

    zoo = discover(plugins) if any(isinstance(model, str) for model in models) else None
    processes: dict[str, FreshProcess] = {}  # none is started before a check asks it
    for model in models:
        if isinstance(model, ModelSpec):
            yield Subject(model)
        elif zoo is not None:
            for choice in zoo.select(model):
                source = zoo.plugin(choice.owner).source
                process = processes.setdefault(source, FreshProcess(source, plugins))
                yield Subject(choice.spec, choice.name, process.ask)
