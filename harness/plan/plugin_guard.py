"""What no plugin may change: where it does, that is put back, and the plugin is left out."""

from __future__ import annotations

# Handed down to `zoo`, which is at the bottom and cannot know who stands above it.
WATCHED = ("zoo", "plugins", "harness", "results")
