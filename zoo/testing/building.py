"""Whether a model is built for every task, and what it returns."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from zoo.building import build, runs_on
from zoo.errors import ZooError, first_line
from zoo.heads.proof import require_logits, require_scores, shape_of
from zoo.heads.trace import run
from zoo.testing.result import NotApplicable
from zoo.testing.subject import SEED
from zoo.testing.surroundings import undisturbed

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.specs import Task
    from zoo.testing.subject import Subject

COUNTS = (2, 1000)  # beside the ten of all other checks
OTHER_SIZES = (1.5, 2)  # of the size of all other checks, up to a number that halves five times


def builds(subject: Subject) -> None:
    """The build function returns a module, whatever number of classes it insists on."""
    if subject.is_whole:
        return
    try:
        _ = subject.module
    except ZooError:
        subject.build(SEED)  # of a builder with a class count of its own


def shape(subject: Subject) -> None:
    """Two images become one floating-point tensor [2, width]."""
    require_scores(subject.once(_output))


def logits(subject: Subject) -> None:
    """The numbers are finite, and no probabilities."""
    require_logits(subject.once(_output))


def head(subject: Subject) -> None:
    """The classifier is found, and fits the number of classes."""
    _ = subject.built


def classes(subject: Subject) -> None:
    """Two classes and a thousand are as good as ten."""
    for count in COUNTS:
        _built_without_memory(subject, replace(subject.task, num_classes=count), f"for {count:,} classes")


def channels(subject: Subject) -> None:
    """Grey and coloured images, or those that the spec declares."""
    wanted = subject.spec.input_for(None).channels
    for count in (wanted,) if wanted else (1, 3):
        of_what = f"for {count} channel{'s' if count > 1 else ''}"
        _built_without_memory(subject, replace(subject.task, channels=count), of_what)


def sizes(subject: Subject) -> None:
    """Images of another size, where it is not made for one."""
    wanted = subject.spec.input_for(None)
    if wanted.fixed:
        raise NotApplicable("its InputSpec says that it is made for one size")
    first: ZooError | None = None
    for size in (32 * ceil(factor * subject.task.image_size / 32) for factor in OTHER_SIZES):
        try:
            return _built_without_memory(subject, replace(subject.task, image_size=size), f"for {size} px")
        except ZooError as error:
            first = first or error
    assert first is not None
    raise first


def min_size(subject: Subject) -> None:
    """The smallest size that it declares works, in training too."""
    wanted = subject.spec.input_for(None)
    if wanted.min_size <= 1 or wanted.fixed:
        raise NotApplicable("its InputSpec names no least size")
    with undisturbed():
        enough = runs_on(subject.spec, subject.task, wanted.min_size)
    if not enough:
        cause = f"it does not run on {wanted.min_size} px, which its InputSpec calls its min_size"
        raise ZooError(cause, "declare the smallest size on which evaluation and training work")


def batch_of_one(subject: Subject) -> None:
    """A single image is a batch."""
    output = subject.evaluated(subject.images(batch=1))
    if tuple(getattr(output, "shape", ())) != (1, subject.task.num_classes):
        cause = f"of one image it returns {shape_of(output)}, wanted [1, {subject.task.num_classes}]"
        raise ZooError(cause, "squeeze no dimension of the batch")


def _output(subject: Subject) -> Tensor:
    """As the plugin's function returns it, where no head is found."""
    module = subject.built.model if subject.is_whole else subject.module
    with undisturbed():
        output: Tensor = run(module, subject.task.input_shape).output
    return output


def _built_without_memory(subject: Subject, task: Task, of_what: str) -> None:
    try:
        with undisturbed():
            build(subject.spec, task, device="meta")
    except Exception as error:
        cause = error.cause if isinstance(error, ZooError) else f"{type(error).__name__}: {first_line(error)}"
        remedy = getattr(error, "remedy", "") or "build it for what its task says"
        raise ZooError(f"{of_what}: {cause.removeprefix(f'{subject.spec.name}: ')}", remedy) from error
