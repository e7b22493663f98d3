"""Drawn pictures of what a stored run says; matplotlib is needed for them only."""
