"""Trained models on disk: weights as safetensors, and beside them a card that says how to rebuild the model."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load as read_safetensors
from safetensors.torch import save as safetensors_bytes

from harness.data.files.regular import open_regular
from harness.data.formats.sixteen_bits import FULL
from harness.data.pixels.geometry import Geometry
from harness.plan.plugin_guard import WATCHED
from harness.trial.predict import TrainedModel, Transform
from harness.trial.weights_file import load_file
from results.store.atomic import read_regular, write_atomic
from results.store.file_names import CARD_FILE
from results.tables.number_format import counted
from zoo.building import build
from zoo.checkpoints.contents import VERSIONS
from zoo.checkpoints.versions import load_versioned, take_form_of, versions_of
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.manager.content import changed_files
from zoo.options import parted
from zoo.specs import CROP_MODES, INTERPOLATIONS, Task
from zoo.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from zoo.building import BuiltModel
    from zoo.discovery import Zoo
    from zoo.specs import ModelSpec

WEIGHTS_FILE = "model.safetensors"
MAX_REASON = 200
OLD_CROP = 0.875  # of every pretrained model, in cards that do not name their own
INPUT = ("img_size", "channels", "stored_channels", "short_side", "interpolation", "mean", "std")
WORDS = {"interpolation": INTERPOLATIONS, "crop_mode": CROP_MODES}
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
    antialias: bool
    crop_mode: str
    head: str
    weights: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white_level: int = FULL
    plugin: str = ""
    plugin_source: str = ""
    plugin_files: Mapping[str, str] = field(default_factory=dict)


def save(folder: Path, model: nn.Module, card: Card) -> None:
    """Write weights and card into `folder`. The card comes last: where it is, the weights are whole."""
    # Tied parameters share memory, which safetensors refuses; a copy of each is what a reader expects anyway.
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
    weights = safetensors_bytes(state, metadata={VERSIONS: json.dumps(versions_of(model))})
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS_FILE, weights)
    content = asdict(card) | {"sha256": hashlib.sha256(weights).hexdigest()}
    write_atomic(folder / CARD_FILE, json.dumps(content, indent=1).encode())


def load(path: str | Path, plugins: Sequence[str] = ()) -> TrainedModel:
    """The trained model of a checkpoint folder, in eval mode on the CPU, with its transform and its classes.

    Of a file that says by itself what model it holds, see `weights_file`. Raises ZooError where the folder is no
    checkpoint, is damaged, or needs a plugin that is neither installed nor among `plugins`, and StoreError where a file
    cannot be read.
    """

    def allowing(plugin: str) -> str:
        return f"if you trust that plugin: harness.load(folder, plugins=[{plugin!r}])"

    zoo, warn = discover(plugins, watched=WATCHED), partial(warnings.warn, stacklevel=3)
    if Path(path).is_file():
        return load_file(zoo, Path(path), warn)
    return load_by(zoo, Path(path), plugins, allowing, warn)[0]


def load_by(
    zoo: Zoo,
    folder: Path,
    plugins: Sequence[str],
    allowing: Callable[[str], str],
    tell: Callable[[str], None],
) -> tuple[TrainedModel, str]:
    """As `load`, and the model's name, where plugins are in the zoo already: `plugins` were asked for by the caller.

    `allowing` is how a person would ask for another; `tell` is called where the plugin has changed.
    """
    card = read_card(folder)
    weights = _read_weights(folder, card)
    _require_plugin(card, zoo, plugins, allowing)
    _require_sense(folder, card)
    choices = zoo.select(card["model"])
    then = card.get("plugin_files")  # which cards of before do not have
    changed = changed_files(then, zoo.content(choices[0].owner)) if then else []
    if changed:
        said = f"the plugin of {card['model']} is not what it was when {folder} was trained: {', '.join(changed)}"
        tell(f"{said}; the model may answer otherwise")
    model = _rebuilt(card, weights, choices[0].spec, folder).model
    return TrainedModel(model, tuple(card["classes"]), _transform(card)), card["model"]


def rebuild(folder: Path, spec: ModelSpec) -> tuple[BuiltModel, tuple[int, int, int]]:
    """The trained model of a checkpoint folder by the spec that it was built from, and its input [C, H, W].

    Raises as `load` does.
    """
    card = read_card(folder)
    shape = (card["channels"], card["img_size"], card["img_size"])
    return _rebuilt(card, _read_weights(folder, card), spec, folder), shape


def _rebuilt(card: dict[str, Any], weights: bytes, spec: ModelSpec, folder: Path) -> BuiltModel:
    task = Task(num_classes=card["num_classes"], image_size=card["img_size"], channels=card["channels"])
    built = build(spec, task, head=card["head"])
    try:
        tensors, versions = read_safetensors(weights), _versions(weights)
        take_form_of(built.model, versions)
        load_versioned(built.model, tensors, versions)
    except Exception as error:
        # The first lines name the class, then follow all missing and all unexpected keys: one line is shown.
        reason = " ".join(str(error).split())[:MAX_REASON]
        cause = f"{folder}: the weights do not fit {card['model']}: {reason}"
        raise ZooError(cause, "use another checkpoint, or the plugin's version that trained it") from error
    return built


def card_of_weights(weights: Path) -> dict[str, Any]:
    """The card beside a file of weights. Raises ZooError where there is none, or one of other weights."""
    if not (weights.parent / CARD_FILE).exists():
        raise ZooError(f"no {CARD_FILE} beside it says what images it was trained on")
    card = read_card(weights.parent)
    # By content: whoever copies weights into a folder may leave another model's card there.
    if card["sha256"] != sha256_of(weights):
        raise ZooError(f"the {CARD_FILE} beside it is of other weights")
    return card


def read_card(folder: Path) -> dict[str, Any]:
    """What `model.json` says. Raises ZooError where there is none, or not a whole one."""
    try:
        with open_regular(folder / CARD_FILE) as file:
            card = _in_todays_words(json.load(file))
        missing = [name for name in NEEDED if name not in card]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise _no_checkpoint(folder, str(error)) from error
    if missing or not isinstance(card, dict):
        raise _no_checkpoint(folder, f"{CARD_FILE} has no {', '.join(missing) or 'keys'}")
    return card


def _require_sense(folder: Path, card: dict[str, Any]) -> None:
    """Raise ZooError where the card says of images or classes what cannot be, or what this version does not know."""
    for name, known in WORDS.items():
        if card[name] not in known:
            cause = f"{folder} was written by another version: its images have the {name} {card[name]!r:.40}"
            raise ZooError(cause, "use it with the version that trained it")
    for name in filter(lambda name: not _is_right(name, card), INPUT):
        raise _no_checkpoint(folder, f"{CARD_FILE} has the {name} {card[name]!r:.40}")
    if len(card["classes"]) != card["num_classes"]:
        names = counted(len(card["classes"]), "name")
        raise _no_checkpoint(folder, f"{CARD_FILE} has {names} of {card['num_classes']} classes")


def _is_right(name: str, card: dict[str, Any]) -> bool:
    """Whether what the card says of its images can be so: whole numbers, and a mean and std for each channel."""
    value = card[name]
    if name in ("mean", "std"):
        numbers = isinstance(value, list) and all(type(one) in (int, float) for one in value)
        return numbers and len(value) in (1, card["channels"])
    return name in WORDS or (type(value) is int and value > 0)


def _in_todays_words(card: dict[str, Any]) -> dict[str, Any]:
    """The card of a run of before `crop_mode`, and of one before `img_size`, whose crop followed from its weights."""
    card = {"crop_mode": "center", "antialias": True, **card}
    if "image_size" not in card:
        return card
    size = card["image_size"]
    crop = {"short_side": round(size / OLD_CROP) if card.get("weights", "none") != "none" else size}
    return {"img_size": size, "stored_channels": card.get("channels"), **crop, **card}


def _transform(card: dict[str, Any]) -> Transform:
    fields = ("channels", "stored_channels", "short_side", "interpolation", "antialias", "crop_mode")
    mean, std = tuple(card["mean"]), tuple(card["std"])
    white = card.get("white_level", FULL)  # cards of before have none: their files were read so
    said = {name: card[name] for name in fields}
    return Transform(Geometry(size=card["img_size"], mean=mean, std=std, white_level=white, **said), mean, std)


def _read_weights(folder: Path, card: dict[str, Any]) -> bytes:
    """The file's bytes, once it is sure that they are those that were written: safetensors has no checksum."""
    if not (folder / WEIGHTS_FILE).exists():
        raise _no_checkpoint(folder, f"it has no {WEIGHTS_FILE}")
    weights = read_regular(folder / WEIGHTS_FILE)
    if hashlib.sha256(weights).hexdigest() != card["sha256"]:
        raise ZooError(f"{folder}: {WEIGHTS_FILE} is damaged: its SHA-256 is not the card's", "use another checkpoint")
    return weights


def _versions(weights: bytes) -> dict[str, int]:
    """Of the modules that saved a whole safetensors file, whose first 8 bytes say how long its header is."""
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    versions: dict[str, int] = json.loads(header.get("__metadata__", {}).get(VERSIONS, "{}"))
    return versions


def _require_plugin(card: dict[str, Any], zoo: Zoo, plugins: Sequence[str], allowing: Callable[[str], str]) -> None:
    """Raise ZooError for a plugin that only the card names: to load it would be to run code from a stranger."""
    kind, _, place = str(card["plugin_source"]).partition(": ")
    if parted(card["model"])[0] not in zoo.models and kind in {"file", "module"} and place not in plugins:
        cause = f"{card['model']} comes from the plugin {place}, and a checkpoint is not allowed to load code"
        raise ZooError(cause, allowing(place))


def _no_checkpoint(folder: Path, why: str) -> ZooError:
    return ZooError(f"{folder} is no checkpoint: {why}", "give the folder checkpoints/<model>@s<seed> of a run")
