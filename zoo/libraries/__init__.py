"""For plugins that offer a library: its names without importing it, and what it would download."""
