"""What a model changes beside itself while it is built and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.building import build
from zoo.errors import ZooError
from zoo.heads.modes import mode, untouched
from zoo.manager import switches
from zoo.testing.digest import digest
from zoo.testing.subject import SEED, random_states, surroundings, undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoo.testing.subject import Subject

BATCH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is other after a model was built and run than before, by name, and what was printed to stdout.

    `digest` is of the weights that it was built with.
    """

    switches: Sequence[str]
    surroundings: Sequence[str]
    generators: Sequence[str]
    printed: str
    digest: str


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
    """What is left of building the model from the seed, a step forward and back, and a pass in eval mode."""
    with undisturbed() as printed:
        before = switches.read(), surroundings(), random_states()
        of_seed = _build_and_run(subject)
        now = switches.read(), surroundings(), random_states()
        changed = [
            [name for name, value in after.items() if str(value) != str(earlier.get(name, value))]
            for earlier, after in zip(before, now, strict=True)
        ]
        text = printed.getvalue().strip()
    return Traces(switches=changed[0], surroundings=changed[1], generators=changed[2], printed=text, digest=of_seed)


def _build_and_run(subject: Subject) -> str:
    import torch

    torch.manual_seed(SEED)
    model = build(subject.spec, subject.task).model
    of_seed = digest(model)
    for training in (True, False):
        with mode(model, training):
            output: Any = model(subject.images(BATCH))
        if training:
            parts = output if isinstance(output, tuple | list) else [output]
            sum((part.sum() for part in parts if part is not None), torch.zeros(())).backward()
    return of_seed


def _after_a_pass(subject: Subject, seed: int) -> int:
    """The state of torch's generator after a pass in train mode from a seed."""
    import torch

    model = subject.built.model
    with undisturbed(), mode(model, training=True), untouched(model), torch.no_grad():
        torch.manual_seed(seed)
        model(subject.images(BATCH))
        return hash(bytes(torch.get_rng_state().numpy().data))
