"""Trains and measures models: the shared loop, the clocks, isolation, the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

__all__ = ["__version__", "load"]


def load(path: str | Path) -> nn.Module:
    """The trained model of a checkpoint folder `checkpoints/<model>@s<seed>`, in eval mode on the CPU.

    Nothing about the model has to be known: its architecture, head and classes are read from the folder.
    """
    from harness.checkpoint import load as load_checkpoint

    return load_checkpoint(path)
