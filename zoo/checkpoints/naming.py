"""What training tools put before, or into, the names of a model's tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zoo.checkpoints.checkpoint import Checkpoint, listed
from zoo.errors import ZooError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What torch.compile, FSDP and activation checkpointing call the module that they wrap, at whatever depth.
_WITHIN = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
# Before all names, where none of the model's is found: data parallel, and the attribute of a LightningModule.
_USUAL = ("module.", "model.")


def under_own_names(checkpoint: Checkpoint, names: Sequence[str]) -> Checkpoint:
    """The tensors under the names that a model with tensors `names` gives them, as far as these are found.

    Raises ZooError where the file holds the model more than once, with different numbers.
    """
    checkpoint = _without_wrappers(checkpoint)
    prefix = _prefix(checkpoint.tensors, names)
    if not prefix:
        return checkpoint
    beside = [name for name in checkpoint.tensors if not name.startswith(prefix)]
    notes = [f"'{listed([prefix])}' removed before every name", *([f"left out: {listed(beside)}"] if beside else [])]
    return replace(
        checkpoint,
        tensors={name.removeprefix(prefix): t for name, t in checkpoint.tensors.items() if name.startswith(prefix)},
        versions={
            name.removeprefix(prefix).rstrip("."): version
            for name, version in ((f"{name}.", version) for name, version in checkpoint.versions.items())
            if name.startswith(prefix)
        },
        notes=(*checkpoint.notes, *notes),
    )


def _without_wrappers(checkpoint: Checkpoint) -> Checkpoint:
    found = {match[0] for name in checkpoint.tensors for match in _WITHIN.finditer(name)}
    if not found:
        return checkpoint
    # A module's own name has no dot after it, as its tensors' names have.
    versions = {_WITHIN.sub("", f"{name}.").rstrip("."): version for name, version in checkpoint.versions.items()}
    tensors = {_WITHIN.sub("", name): tensor for name, tensor in checkpoint.tensors.items()}
    if len(tensors) < len(checkpoint.tensors):
        raise ZooError("several tensors differ in a wrapper's name only", "save the model without its wrappers")
    notes = (*checkpoint.notes, f"'{listed(sorted(found))}' removed within names")
    return replace(checkpoint, tensors=tensors, versions=versions, notes=notes)


def _prefix(tensors: Mapping[str, Any], names: Sequence[str]) -> str:
    """What stands before most of `names`, or ""."""
    first = names[0]
    candidates = {name.removesuffix(first) for name in tensors if name.endswith(first)}
    counts = {
        prefix: sum(prefix + name in tensors for name in names)
        for prefix in sorted(candidates, key=lambda prefix: (len(prefix), prefix))
        if prefix == "" or prefix.endswith(".")
    }
    most = max(counts.values(), default=0)
    if most:
        likely = [prefix for prefix, count in counts.items() if count == most]
        if most == len(names):
            _require_same(tensors, names, likely)
        return likely[0]
    return _usual_prefix(tensors)


def _usual_prefix(tensors: Mapping[str, Any]) -> str:
    prefix = ""
    while more := next((one for one in _USUAL if all(name.startswith(prefix + one) for name in tensors)), ""):
        prefix += more
    return prefix


def _require_same(tensors: Mapping[str, Any], names: Sequence[str], prefixes: Sequence[str]) -> None:
    """A module known under two names is saved twice; a model and its average are two, of which one must be meant."""
    import torch

    first, *others = [[tensors[prefix + name] for name in names] for prefix in prefixes]
    pairs = [pair for other in others for pair in zip(first, other, strict=True)]
    if not all(one.dtype == two.dtype and torch.equal(one, two) for one, two in pairs):
        cause = f"it holds {len(prefixes)} models, under the names {listed(prefix or '(none)' for prefix in prefixes)}"
        raise ZooError(cause, "save the one that is meant by itself: its own state_dict()")
