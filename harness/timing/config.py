"""What a timing is asked to do. Plain data; imports no torch, because the command line needs it."""

from __future__ import annotations

from dataclasses import dataclass


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
