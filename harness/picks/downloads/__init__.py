"""Weights that are fetched while others are tried, or for another machine."""

from __future__ import annotations
