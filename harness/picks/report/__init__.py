"""What a pick says of itself: before it begins, in its files, and of its end."""

from __future__ import annotations
