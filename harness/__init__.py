"""Trains and measures models: the shared loop, the clocks, isolation, the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

__all__ = ["__version__", "load"]


def load(path: str | Path, plugins: Sequence[str] = ()) -> nn.Module:
    """The trained model of a checkpoint folder `checkpoints/<model>@s<seed>`, in eval mode on the CPU.

    Nothing about the model has to be known: its architecture, head and classes are read from the folder. `plugins`
    are files or modules as after -p: what is neither shipped nor installed has to be named, since a folder from
    elsewhere must not be able to run code.
    """
    from harness.checkpoint import load as load_checkpoint

    return load_checkpoint(path, plugins)
