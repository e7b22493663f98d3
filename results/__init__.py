"""Keeps, ranks and shows what came out; readable on a laptop without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["load"]

if TYPE_CHECKING:
    from results.tables.dataframe import load
else:

    def __getattr__(name: str) -> Any:
        # Every import of ours passes here, those of `--help` too: what a notebook wants is loaded when it is asked for.
        if name in __all__:
            from results.tables import dataframe

            return getattr(dataframe, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
