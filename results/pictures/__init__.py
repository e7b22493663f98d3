"""Drawn answers, with matplotlib where it is installed. None opens a window."""
