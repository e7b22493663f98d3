"""Fitting a file's tensors to a model: under the model's names, and every one of them with its match."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.checkpoints.checkpoint import Checkpoint, listed
from zoo.checkpoints.differences import COUNT, Differences
from zoo.checkpoints.naming import under_own_names
from zoo.checkpoints.versions import load_versioned, take_form_of, versions_of
from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.heads.head import Head

    Convert = Callable[[dict[str, Tensor], nn.Module], Mapping[str, Tensor]]

# Tables with an entry for each place in an image. All else that differs in shape is another architecture, even where
# a library's converter would stretch it: patches of 16 pixels must not pass for patches of 32.
_PLACES = re.compile(r"pos|attention_bias|attn_mask|rel_[hw]")


class DoesNotFit(ZooError):
    """The file is of another architecture, or of this one for another image size: then only `reshaped` differ."""

    reshaped: tuple[str, ...] = ()


def fitted(model: nn.Module, checkpoint: Checkpoint, head: Head, convert: Convert | None = None) -> Checkpoint:
    """The tensors under the names and for the image size of `model`, as far as that can be had.

    `model` takes the form of the version that saved them, if its library knows several. `convert` is the library's
    own way from what it saved earlier, or for another image size, to what it takes today. Raises ZooError.
    """
    beside = head_prefixes(head)
    own = model.state_dict()
    body = [name for name in own if not name.startswith(beside) and not name.endswith(COUNT)]
    checkpoint = under_own_names(checkpoint, body or list(own))
    take_form_of(model, checkpoint.versions)
    differences = Differences.between(model.state_dict(), checkpoint.tensors, beside=beside)
    if differences and convert is not None:
        converted = _converted(model, checkpoint, convert, differences)
        if not Differences.between(model.state_dict(), converted.tensors, beside=beside):
            return converted
    if differences.reshaped and not checkpoint.versions:
        return _of_an_earlier_version(model, checkpoint, beside)
    return checkpoint


def load(model: nn.Module, checkpoint: Checkpoint, name: str, head: Head | None = None) -> tuple[str, ...]:
    """Load the tensors into `model`; returns what remained as it was built, in a few words each.

    Every tensor on either side must have its match, but for the classifier `head`: it may be missing as a whole, or
    be one of another build. `name` is for the message. Raises DoesNotFit.
    """
    # Before anything is copied: load_state_dict would fill what fits, and then tell hundreds of names.
    own, tensors = model.state_dict(), checkpoint.tensors
    differences = Differences.between(own, tensors)
    if differences and not (head and _is_the_head_only(own, differences, head)):
        error = DoesNotFit(
            f"{name} does not fit {type(model).__name__}: {differences}",
            "use weights saved from this very architecture",
        )
        error.reshaped = () if differences.missing or differences.unexpected else differences.reshaped
        raise error
    left = set(differences.unexpected)
    filled = {**own, **{name: tensor for name, tensor in tensors.items() if name not in left}}
    load_versioned(model, filled, checkpoint.versions)
    notes = [f"new and untrained: {listed(differences.missing)}"] if differences.missing else []
    return (*notes, *([f"left out: {listed(differences.unexpected)}"] if left else []))


def head_prefixes(head: Head) -> tuple[str, ...]:
    """How the names of the classifier's tensors begin, those of a classifier of another build among them."""
    return tuple(f"{name}." for name in (head.name, *head.names, *head.aux_branches))


def _is_the_head_only(own: Mapping[str, Tensor], differences: Differences, head: Head) -> bool:
    """Whether whole classifiers, auxiliary ones with all that leads to them, are what the file has not or otherwise."""
    counted = [name for name in own if not name.endswith(COUNT)]
    whole = [[name for name in counted if name.startswith(f"{part}.")] for part in (*head.names, *head.aux_branches)]
    missing = {name for names in whole if set(names) <= set(differences.missing) for name in names}
    elsewhere = [name for name in differences.unexpected if not name.startswith(head_prefixes(head))]
    return set(differences.missing) == missing != set() and not differences.reshaped and not elsewhere


def _converted(model: nn.Module, checkpoint: Checkpoint, convert: Convert, differences: Differences) -> Checkpoint:
    """As the library converts them; unchanged where it cannot, or where more than places in an image would change."""
    own, tensors = model.state_dict(), checkpoint.tensors
    stretched = [name for name in differences.reshaped if own[name].numel() != tensors[name].numel()]
    if not all(_PLACES.search(name) for name in stretched):
        return checkpoint
    try:
        converted = dict(convert(dict(tensors), model))
    except Exception:  # whatever a converter meets in a file that it was not made for: what differs is said, not this
        return checkpoint
    renamed = sorted(set(tensors) - set(converted))
    notes = [f"resampled for this image size: {listed(stretched)}"] if stretched else []
    notes += [f"converted by its library: {listed(renamed)}"] if renamed else []
    return replace(checkpoint, tensors=converted, versions={}, notes=(*checkpoint.notes, *notes))


def _of_an_earlier_version(model: nn.Module, checkpoint: Checkpoint, beside: tuple[str, ...]) -> Checkpoint:
    """A file that says no versions, in case it is as old as version 1 of all modules; `model` then takes that form."""
    from copy import deepcopy

    first = dict.fromkeys(versions_of(model), 1)
    trial = deepcopy(model)
    take_form_of(trial, first)
    if Differences.between(trial.state_dict(), checkpoint.tensors, beside=beside):
        return checkpoint
    take_form_of(model, first)
    return replace(checkpoint, versions=first, notes=(*checkpoint.notes, "read as of its library's first version"))
