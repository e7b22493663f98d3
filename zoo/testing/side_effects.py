"""What a model changes beside itself while it is built and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.building import build
from zoo.errors import ZooError
from zoo.heads.modes import mode, untouched
from zoo.manager import switches
from zoo.testing.subject import SEED, random_states, surroundings, undisturbed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from zoo.testing.subject import Subject

BATCH = 2


def torch_switches(subject: Subject) -> None:
    """Torch's process-wide switches stay: dtype, threads, TF32 and the like."""
    with undisturbed():
        before = switches.read()
        _build_and_run(subject)
        changed = _changed(before, switches.read())
    if changed:
        raise ZooError(f"it changes {', '.join(changed)} for everybody", "leave torch's switches to the harness")


def process_state(subject: Subject) -> None:
    """The current folder, the environment and sys.path stay."""
    with undisturbed():
        before = surroundings()
        _build_and_run(subject)
        changed = _changed(before, surroundings())
    if changed:
        raise ZooError(f"it changes {', '.join(changed)} for everybody", "use absolute paths, and pass arguments")


def generators(subject: Subject) -> None:
    """Torch's generator is drawn from and never seeded; Python's and numpy's are left alone."""
    with undisturbed():
        before = random_states()
        model = _build_and_run(subject)
        changed = [name for name, state in random_states().items() if str(state) != str(before.get(name, state))]
    if changed:
        cause = f"it draws from {' and '.join(changed)}, which no seed of a run sets"
        raise ZooError(cause, "draw with torch's own generator")
    if len({_after_a_pass(subject, model, seed) for seed in (SEED, SEED + 1)}) == 1:
        cause = "a pass in train mode seeds torch: dropout then draws the same in every step"
        raise ZooError(cause, "call no torch.manual_seed in forward")


def prints(subject: Subject) -> None:
    """Nothing is printed to stdout, which is for results."""
    with undisturbed() as printed:
        _build_and_run(subject)
        text = printed.getvalue().strip()
    if text:
        raise ZooError(f"it prints to stdout: {text.splitlines()[0][:60]!r}", "use logging, or print to sys.stderr")


def _build_and_run(subject: Subject) -> nn.Module:
    """Build it, and take a step forward and back in train mode, then a pass in eval mode."""
    import torch

    torch.manual_seed(SEED)
    model = build(subject.spec, subject.task).model
    for training in (True, False):
        with mode(model, training):
            output: Any = model(subject.images(BATCH))
        if training:
            parts = output if isinstance(output, tuple | list) else [output]
            sum((part.sum() for part in parts if part is not None), torch.zeros(())).backward()
    return model


def _after_a_pass(subject: Subject, model: nn.Module, seed: int) -> int:
    """The state of torch's generator after a pass in train mode from a seed."""
    import torch

    with undisturbed(), mode(model, training=True), untouched(model), torch.no_grad():
        torch.manual_seed(seed)
        model(subject.images(BATCH))
        return hash(bytes(torch.get_rng_state().numpy().data))


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name, value in now.items() if value != before.get(name, value)]
