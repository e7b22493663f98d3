"""What a trial is asked to do. Plain data with canonical JSON; imports no torch, because the command line needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zoo.weights import Weights


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
    amp: bool = False
    amp_dtype: str = "bfloat16"
    channels_last: str = "auto"
    torchcompile: bool = False
    grad_accum: int = 1
    num_threads: int | None = None
    exact: bool = False
    feature_views: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingConfig:
    """One row's conditions, the same on every device that the row shows.

    `budget_s` is what one kind of step (inference, training) may take to be sampled on one device, warm-up apart.
    Sampling ends earlier once the 95 % interval of the median lies within `tolerance` of it, and never before
    `min_samples`. `rounds` is how many turns each of several models gets; the budget is shared among them.
    `num_threads` None leaves torch's own choice. `precision` is the format of weights and images.
    """

    batch_size: int = 32
    budget_s: float = 1.0
    rounds: int = 3
    tolerance: float = 0.02
    min_samples: int = 5
    max_samples: int = 2000
    precision: str = "float32"
    amp: bool = False
    amp_dtype: str = "bfloat16"
    channels_last: bool = False
    torchcompile: bool = False
    num_threads: int | None = None
    train: bool = True
    detail: bool = False

    @property
    def precision_name(self) -> str:
        """What the row says: "float32", "bfloat16", or "amp_" and the format."""
        return f"amp_{self.amp_dtype}" if self.amp else self.precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One model, trained once from one seed on one dataset, then measured."""

    model: str
    dataset: str
    train: TrainConfig
    timing: TimingConfig
    device: str
    seed: int

    @property
    def key(self) -> str:
        """The hash of the trial's canonical JSON: equal trials have equal keys, on every machine."""
        # Not at module level: loading OpenSSL costs 2 ms, and --help makes no trial.
        import hashlib

        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the record."""
        weights = self.train.weights
        told = asdict(self)
        return told | {"train": told["train"] | {"weights": None if weights is None else str(weights)}}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Trial:
        """What `as_json` gave. Raises TypeError for a key that this version does not know."""
        plain = dict(told)
        train = dict(plain.pop("train"))
        if train.get("weights") is not None:
            train["weights"] = Weights.from_text(str(train["weights"]))
        return cls(train=TrainConfig(**train), timing=TimingConfig(**plain.pop("timing")), **plain)
