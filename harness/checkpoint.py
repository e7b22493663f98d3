# ruff: noqa: TID253
"""Trained models on disk: weights as safetensors, and beside them a card that says how to rebuild the model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load as read_safetensors
from safetensors.torch import save as safetensors_bytes

from results.durable import write_atomic
from zoo.building import build
from zoo.discovery import discover
from zoo.errors import ENVIRONMENT, ZooError
from zoo.specs import Task

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "model.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything needed to rebuild a model and to feed it: its name and plugin, its task, its head, its input."""

    model: str
    num_classes: int
    image_size: int
    channels: int
    head: str
    weights: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    plugin: str = ""
    plugin_source: str = ""


def save(folder: Path, model: nn.Module, card: Card) -> None:
    """Write weights and card into `folder`. The card comes last: where it is, the weights are whole."""
    # Tied parameters share memory, which safetensors refuses; a copy of each is what a reader expects anyway.
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS_FILE, safetensors_bytes(state))
    write_atomic(folder / CARD_FILE, json.dumps(asdict(card), indent=1).encode())


def load(path: str | Path) -> nn.Module:
    """The trained model of a checkpoint folder, in eval mode on the CPU.

    Raises ZooError where the folder is no checkpoint, its plugin is not installed, or its weights do not fit.
    """
    folder = Path(path)
    card = read_card(folder)
    choices = _zoo_for(card).select(card["model"])
    task = Task(num_classes=card["num_classes"], image_size=card["image_size"], channels=card["channels"])
    model = build(choices[0].spec, task, head=card["head"]).model
    weights = (folder / WEIGHTS_FILE).read_bytes()
    try:
        model.load_state_dict(read_safetensors(weights))
    except Exception as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ZooError(
            f"{folder}: the weights do not fit {card['model']}: {reason}", "use another checkpoint"
        ) from error
    return model.eval()


def read_card(folder: Path) -> dict[str, Any]:
    """What `model.json` says. Raises ZooError where there is none."""
    try:
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text())
    except (OSError, ValueError) as error:
        remedy = "give the folder checkpoints/<model>@s<seed> of a run"
        raise ZooError(f"{folder} is no checkpoint: {error}", remedy, ENVIRONMENT) from error
    return card


def _zoo_for(card: dict[str, Any]) -> Any:
    kind, _, place = card["plugin_source"].partition(": ")
    return discover([place] if kind in {"file", "module"} else [])
