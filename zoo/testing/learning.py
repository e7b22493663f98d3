"""Whether a model learns: modes that are heeded, gradients that arrive, a head that can be trained alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.heads.modes import mode, untouched
from zoo.testing.surroundings import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor, nn

    from zoo.testing.subject import Subject

PAIR = 2
# Branches that are dropped at random are there in one of the passes. Of pairs, which a batch-norm over one pixel turns
# into ones and minus ones, no gradient would come back.
PASSES, BATCH = 4, 4
SHOWN = 3


def train_mode(subject: Subject) -> None:
    """Batch-norm and dropout follow train() and eval(), and only training moves statistics."""
    model = subject.built.model
    layers = dict(_with_modes(model))
    for training in (True, False):
        with mode(model, training):
            wrong = [name for name, layer in layers.items() if layer.training is not training]
        if wrong:
            cause = f"{_listed(wrong)} ignore{'s' if len(wrong) == 1 else ''} model.{'train' if training else 'eval'}()"
            raise ZooError(cause, "call super().train(mode) and let every layer have the mode of its model")
    moved = _moved(subject, training=False)
    if moved:
        raise ZooError(f"a pass in eval mode changes {_listed(moved)}", "change buffers in training only")
    with _normalising(model) as ran:
        moved = _moved(subject, training=True)
    if still := [name for name in (f"{layer}.running_mean" for layer in ran) if name not in moved]:
        raise ZooError(f"a pass in train mode leaves {_listed(still)}", "let batch-norm follow self.training")


def gradients(subject: Subject) -> None:
    """Every trainable parameter gets a gradient that is not zero, in some pass in train mode."""
    import torch

    model = subject.built.model
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    unreached, zero = set(named), set(named)
    for seed in range(PASSES):
        for name, gradient in zip(named, _gradients(subject, list(named.values()), seed, BATCH), strict=True):
            if gradient is None:
                continue
            if not bool(torch.isfinite(gradient).all()):
                raise ZooError(f"the gradient of {name} is not finite", "look for a division by zero in forward")
            unreached.discard(name)
            if bool(gradient.any()):
                zero.discard(name)
        if not zero:
            return
    if unreached:
        cause = f"{_listed(sorted(unreached))} get{'s' if len(unreached) == 1 else ''} no gradient"
        raise ZooError(cause, "use every parameter in forward, or do not register it")
    cause = f"the gradient of {_listed(sorted(zero))} is always zero"
    raise ZooError(cause, "look for a factor of zero, a detach or a dead activation")


def head_alone(subject: Subject) -> None:
    """With all but the head frozen, the head and nothing else is trained."""
    model, head = subject.built.model, subject.built.head
    before = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    inside = {name for name in before if any(name.startswith(f"{part}.") for part in head.names)}
    try:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in inside)
        with mode(model, training=True):
            named = {name: p for name, p in model.named_parameters() if p.requires_grad}
            arrived = _gradients(subject, list(named.values()), 0, PAIR)
    finally:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(before[name])
    if named.keys() != inside:
        others = sorted(named.keys() ^ inside)
        raise ZooError(f"train() changes which of {_listed(others)} is frozen", "leave requires_grad to the training")
    if silent := [name for name, gradient in zip(named, arrived, strict=True) if gradient is None]:
        raise ZooError(f"frozen, its head gets no gradient: {_listed(silent)}", "use no no_grad or detach in forward")


def _gradients(subject: Subject, parameters: Sequence[nn.Parameter], seed: int, batch: int) -> Sequence[Tensor | None]:
    """Of a sum of all outputs, auxiliary ones included, with random weights."""
    import torch

    model, images = subject.built.model, subject.images(batch, seed)
    with mode(model, training=True), untouched(model), undisturbed(), torch.enable_grad():
        torch.manual_seed(seed)
        output: Any = model(images)
        parts = output if isinstance(output, tuple | list) else [output]
        total = sum(((part * torch.randn_like(part)).sum() for part in parts if part is not None), torch.zeros(()))
        return torch.autograd.grad(total, parameters, allow_unused=True)


def _moved(subject: Subject, *, training: bool) -> list[str]:
    """Which buffers a pass has changed; they are put back."""
    import torch

    model = subject.built.model
    with mode(model, training), untouched(model), undisturbed(), torch.no_grad():
        before = {name: buffer.clone() for name, buffer in model.named_buffers()}
        model(subject.images(PAIR))
        return [name for name, now in model.named_buffers() if not torch.equal(now, before.get(name, now))]


def _with_modes(model: nn.Module) -> Iterable[tuple[str, nn.Module]]:
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.dropout import _DropoutNd

    return ((name, layer) for name, layer in model.named_modules() if isinstance(layer, _BatchNorm | _DropoutNd))


@contextmanager
def _normalising(model: nn.Module) -> Iterator[list[str]]:
    """Within it, the batch-norm layers with running statistics that passes run are noted."""
    from torch.nn.modules.batchnorm import _BatchNorm

    ran: list[str] = []
    tracked = {n: m for n, m in model.named_modules() if isinstance(m, _BatchNorm) and m.running_mean is not None}
    handles = [m.register_forward_hook(lambda *_, name=n: ran.append(name)) for n, m in tracked.items()]
    try:
        yield ran
    finally:
        for handle in handles:
            handle.remove()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
