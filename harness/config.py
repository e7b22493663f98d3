"""What a trial is asked to do. Plain data with canonical JSON; imports no torch, because the command line needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.timing.config import TimingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained; the same for every model of a run.

    `weights` is None (random), "default", a pretrained tag, or "file:PATH". `finetune` is "head" or "full".
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
    weights: str | None = None
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

        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the record."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Trial:
        """What `as_json` gave. Raises TypeError for a key that this version does not know."""
        plain = dict(told)
        return cls(train=TrainConfig(**plain.pop("train")), timing=TimingConfig(**plain.pop("timing")), **plain)
