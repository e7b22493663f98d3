"""A run's folder on disk: written whole or not at all, readable after any crash."""
