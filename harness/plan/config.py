"""What a trial is asked to do. Plain data with canonical JSON; imports no torch, because the command line needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from zoo.weights import Weights

# Where these stand in the JSON of earlier runs: behind all others of their configuration.
LAST = ("num_threads", "exact", "feature_views", "train", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerics:
    """The arithmetic of a model's steps. Training and timing of one row share it, so that neither differs.

    `amp` is mixed precision in the format `amp_dtype`; `channels_last` is "on", "off" or "auto"; `num_threads` None
    leaves torch's own choice.
    """

    amp: bool = False
    amp_dtype: str = "bfloat16"
    channels_last: str = "auto"
    num_threads: int | None = None

    @property
    def precision(self) -> str:
        """What the row says: "float32", or "amp_" and the format."""
        return f"amp_{self.amp_dtype}" if self.amp else "float32"

    def is_channels_last(self, device_type: str) -> bool:
        """Whether images and weights lie so; `auto` means on CUDA with mixed precision, where tensor cores want it."""
        return self.channels_last == "on" or (self.channels_last == "auto" and self.amp and device_type == "cuda")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained; the same for every model of a run.

    `weights` None means random ones. `finetune` is "head" or "full".
    `batch_size` is what one optimiser step sees; `grad_accum` splits it into that many passes.
    """

    epochs: int = 15
    batch_size: int = 32
    opt: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    sched: str = "cosine"
    patience: int = 4
    aug: str = "none"
    head: str = "linear"
    finetune: str = "full"
    weights: Weights | None = None
    img_size: int | None = None
    val_split: float = 0.2
    test_split: float = 0.2
    numerics: Numerics = Numerics()
    torchcompile: bool = False
    grad_accum: int = 1
    exact: bool = False
    feature_views: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingConfig:
    """One row's conditions, the same on every device that the row shows.

    `budget_s` is what one kind of step (inference, training) may take to be sampled on one device, warm-up apart.
    Sampling ends earlier once the 95 % interval of the median lies within `tolerance` of it, and never before
    `min_samples`. `rounds` is how many turns each of several models gets; the budget is shared among them.
    `precision` is the format of weights and images.
    """

    batch_size: int = 32
    budget_s: float = 1.0
    rounds: int = 3
    tolerance: float = 0.02
    min_samples: int = 5
    max_samples: int = 2000
    precision: str = "float32"
    numerics: Numerics = Numerics()
    torchcompile: bool = False
    train: bool = True
    detail: bool = False

    @property
    def precision_name(self) -> str:
        """What the row says: "float32", "bfloat16", or "amp_" and the format."""
        return self.numerics.precision if self.numerics.amp else self.precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One model, trained once from one seed on one dataset, then measured.

    In cross-validation it is tested on part `fold` of `folds`, 1 being the first; the seed then says which cut that is.
    """

    model: str
    dataset: str
    train: TrainConfig
    timing: TimingConfig
    device: str
    seed: int
    fold: int | None = None
    folds: int | None = None

    @property
    def name(self) -> str:
        """How the trial is called on the screen."""
        return called(self.model, self.seed, self.fold)

    @property
    def slug(self) -> str:
        """How the trial's files and folders are called."""
        from results.store.file_names import trial_slug  # only now, as hashlib below

        return trial_slug(self.model, self.seed, self.fold)

    @property
    def is_timed(self) -> bool:
        """Whether its model is timed: of folds the first stands for all."""
        return self.fold in (None, 1)

    @property
    def key(self) -> str:
        """The hash of the trial's canonical JSON: equal trials have equal keys, on every machine."""
        # Not at module level: loading OpenSSL costs 2 ms, and --help makes no trial.
        import hashlib

        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the record: flat, and `channels_last` of the timing as it is on the trial's device."""
        channels_last = self.timing.numerics.is_channels_last(self.device)
        timing = flat(self.timing) | {"channels_last": channels_last}
        plain = asdict(self) | {"train": flat(self.train), "timing": timing}
        # Only where it says something: trials without folds keep the keys that they had before there were any.
        return {name: value for name, value in plain.items() if name not in ("fold", "folds") or value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """What `as_json` gave. Raises TypeError for a key that this version does not know."""
        plain = dict(data)
        trained = plain.pop("train")
        weights = trained.get("weights")
        train = TrainConfig(**grouped({**trained, "weights": weights and Weights.from_text(weights)}))
        timing = TimingConfig(**grouped(plain.pop("timing")))
        as_written = cls(train=train, timing=timing, **plain)
        shared = replace(as_written, timing=replace(timing, numerics=train.numerics))
        # Runs of before may have timed another layout than they trained in: they go on as they began.
        return shared if shared.as_json() == as_written.as_json() else as_written


def called(model: str, seed: int, fold: int | None = None) -> str:
    """What a trial is called: `resnet18 seed 1`, or `resnet18 seed 1 fold 2`."""
    return f"{model} seed {seed}" if fold is None else f"{model} seed {seed} fold {fold}"


def grouped(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Flat settings, as flags and JSON have them, as the fields of a configuration: those of `Numerics` in one.

    A `channels_last` that is only a switch becomes "on" or "off".
    """
    names = Numerics.__dataclass_fields__.keys()
    numerics = {name: value for name, value in settings.items() if name in names}
    if isinstance(numerics.get("channels_last"), bool):
        numerics["channels_last"] = "on" if numerics["channels_last"] else "off"
    others = {name: value for name, value in settings.items() if name not in names}
    return others | {"numerics": Numerics(**numerics)}


def flat(config: TrainConfig | TimingConfig) -> dict[str, Any]:
    """The opposite of `grouped`, in the order that the JSON of earlier runs has."""
    flat: dict[str, Any] = {}
    for name, value in asdict(config).items():
        flat |= value if name == "numerics" else {name: value}
    if isinstance(config, TrainConfig):
        flat["weights"] = config.weights and str(config.weights)
    return dict(sorted(flat.items(), key=lambda item: item[0] in LAST))
