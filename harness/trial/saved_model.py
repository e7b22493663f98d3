"""Trained models on disk: weights as safetensors, and beside them a card that says how to rebuild the model."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load as read_safetensors
from safetensors.torch import save as safetensors_bytes

from harness.data.pixels.geometry import IMAGENET_CROP, Geometry
from harness.plan.plugin_guard import WATCHED
from harness.trial.predict import TrainedModel, Transform
from results.store.atomic import read_regular, write_atomic
from zoo.building import build
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.manager.content import changed_files
from zoo.specs import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from zoo.discovery import Zoo

WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "model.json"
MAX_REASON = 200
INPUT = ("img_size", "channels", "stored_channels", "short_side", "interpolation", "mean", "std")
NEEDED = ("model", "num_classes", "head", "classes", "plugin_source", *INPUT, "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything needed to rebuild a model and to feed it: its name and plugin, its task, its head, its input.

    `plugin_files` has the SHA-256 of what the plugin consisted of: weights fit other code, too, and give other outputs.
    """

    model: str
    num_classes: int
    img_size: int
    channels: int
    stored_channels: int
    short_side: int
    interpolation: str
    head: str
    weights: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    plugin: str = ""
    plugin_source: str = ""
    plugin_files: Mapping[str, str] = field(default_factory=dict)


def save(folder: Path, model: nn.Module, card: Card) -> None:
    """Write weights and card into `folder`. The card comes last: where it is, the weights are whole."""
    # Tied parameters share memory, which safetensors refuses; a copy of each is what a reader expects anyway.
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
    weights = safetensors_bytes(state)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS_FILE, weights)
    content = asdict(card) | {"sha256": hashlib.sha256(weights).hexdigest()}
    write_atomic(folder / CARD_FILE, json.dumps(content, indent=1).encode())


def load(path: str | Path, plugins: Sequence[str] = ()) -> TrainedModel:
    """The trained model of a checkpoint folder, in eval mode on the CPU, with its transform and its classes.

    Raises ZooError where the folder is no checkpoint, is damaged, or needs a plugin that is neither installed nor
    among `plugins`, and StoreError where a file cannot be read.
    """
    folder = Path(path)
    card = read_card(folder)
    weights = _read_weights(folder, card)
    zoo = _zoo_for(card, plugins)
    choices = zoo.select(card["model"])
    then = card.get("plugin_files")  # which cards of before do not have
    changed = changed_files(then, zoo.content(choices[0].owner)) if then else []
    if changed:
        said = f"the plugin of {card['model']} is not what it was when {folder} was trained: {', '.join(changed)}"
        warnings.warn(f"{said}; the model may answer otherwise", stacklevel=2)
    task = Task(num_classes=card["num_classes"], image_size=card["img_size"], channels=card["channels"])
    model = build(choices[0].spec, task, head=card["head"]).model
    try:
        model.load_state_dict(read_safetensors(weights))
    except Exception as error:
        # The first lines name the class, then follow all missing and all unexpected keys: one line is shown.
        reason = " ".join(str(error).split())[:MAX_REASON]
        cause = f"{folder}: the weights do not fit {card['model']}: {reason}"
        raise ZooError(cause, "use another checkpoint, or the plugin's version that trained it") from error
    return TrainedModel(model, tuple(card["classes"]), _transform(card))


def read_card(folder: Path) -> dict[str, Any]:
    """What `model.json` says. Raises ZooError where there is none, or not a whole one."""
    try:
        card = _in_todays_words(json.loads((folder / CARD_FILE).read_text()))
        missing = [name for name in NEEDED if name not in card]
    except (OSError, ValueError, TypeError) as error:
        raise _no_checkpoint(folder, str(error)) from error
    if missing or not isinstance(card, dict):
        raise _no_checkpoint(folder, f"{CARD_FILE} has no {', '.join(missing) or 'keys'}")
    return card


def _in_todays_words(card: dict[str, Any]) -> dict[str, Any]:
    """The card of a run of before `img_size`, whose crop followed from where its weights began."""
    if "image_size" not in card:
        return card
    size = card["image_size"]
    crop = {"short_side": round(size / IMAGENET_CROP) if card.get("weights", "none") != "none" else size}
    return {"img_size": size, "stored_channels": card.get("channels"), **crop, **card}


def _transform(card: dict[str, Any]) -> Transform:
    fields = ("channels", "stored_channels", "short_side", "interpolation")
    geometry = Geometry(size=card["img_size"], **{name: card[name] for name in fields})
    return Transform(geometry, tuple(card["mean"]), tuple(card["std"]))


def _read_weights(folder: Path, card: dict[str, Any]) -> bytes:
    """The file's bytes, once it is sure that they are those that were written: safetensors has no checksum."""
    if not (folder / WEIGHTS_FILE).exists():
        raise _no_checkpoint(folder, f"it has no {WEIGHTS_FILE}")
    weights = read_regular(folder / WEIGHTS_FILE)
    if hashlib.sha256(weights).hexdigest() != card["sha256"]:
        raise ZooError(f"{folder}: {WEIGHTS_FILE} is damaged: its SHA-256 is not the card's", "use another checkpoint")
    return weights


def _zoo_for(card: dict[str, Any], plugins: Sequence[str]) -> Zoo:
    """The zoo with the plugins that the caller names. One that only the card names would be code from a stranger."""
    zoo = discover(plugins, watched=WATCHED)
    kind, _, place = str(card["plugin_source"]).partition(": ")
    if card["model"] not in zoo.models and kind in {"file", "module"} and place not in plugins:
        cause = f"{card['model']} comes from the plugin {place}, and a checkpoint is not allowed to load code"
        raise ZooError(cause, f"if you trust that plugin: harness.load(folder, plugins=[{place!r}])")
    return zoo


def _no_checkpoint(folder: Path, why: str) -> ZooError:
    return ZooError(f"{folder} is no checkpoint: {why}", "give the folder checkpoints/<model>@s<seed> of a run")
