"""What a model changes beside itself while it is built and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.heads.modes import mode, untouched
from zoo.testing.subject import SEED
from zoo.testing.surroundings import Traces, undisturbed

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

BATCH = 2


def torch_switches(subject: Subject) -> None:
    """Torch's process-wide switches stay: dtype, threads, TF32 and the like."""
    if changed := subject.once(traces).switches:
        raise ZooError(f"it changes {', '.join(changed)} for everybody", "leave torch's switches to the harness")


def process_state(subject: Subject) -> None:
    """The current folder, the environment and sys.path stay."""
    if changed := subject.once(traces).surroundings:
        raise ZooError(f"it changes {', '.join(changed)} for everybody", "use absolute paths, and pass arguments")


def generators(subject: Subject) -> None:
    """Torch's generator is drawn from and never seeded; Python's and numpy's are left alone."""
    if changed := subject.once(traces).generators:
        cause = f"it draws from {' and '.join(changed)}, which no seed of a run sets"
        raise ZooError(cause, "draw with torch's own generator")
    if len({_after_a_pass(subject, seed) for seed in (SEED, SEED + 1)}) == 1:
        cause = "a pass in train mode seeds torch: dropout then draws the same in every step"
        raise ZooError(cause, "call no torch.manual_seed in forward")


def prints(subject: Subject) -> None:
    """Nothing is printed to stdout, which is for results."""
    if text := subject.once(traces).printed:
        raise ZooError(f"it prints to stdout: {text.splitlines()[0][:60]!r}", "use logging, or print to sys.stderr")


def traces(subject: Subject) -> Traces:
    """What is left of building the model, and of a step forward and back and a pass in eval mode."""
    left = subject.second.traces
    with untouched(subject.built.model), undisturbed(left):
        _run(subject)
    return left


def _run(subject: Subject) -> None:
    import torch

    model = subject.built.model
    with mode(model, training=True):
        output: Any = model(subject.images(BATCH))
        parts = output if isinstance(output, tuple | list) else [output]
        sum((part.sum() for part in parts if part is not None), torch.zeros(())).backward()
    model.zero_grad(set_to_none=True)
    with mode(model, training=False), torch.no_grad():
        model(subject.images(BATCH))


def _after_a_pass(subject: Subject, seed: int) -> int:
    """The state of torch's generator after a pass in train mode from a seed."""
    import torch

    model = subject.built.model
    with undisturbed(), mode(model, training=True), untouched(model), torch.no_grad():
        torch.manual_seed(seed)
        model(subject.images(BATCH))
        return hash(bytes(torch.get_rng_state().numpy().data))
