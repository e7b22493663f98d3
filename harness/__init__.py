"""Trains and measures models: the shared loop, the clocks, isolation, the command line."""

from __future__ import annotations

from harness._version import __version__

__all__ = ["__version__"]
