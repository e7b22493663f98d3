"""Answers from stored runs, as text for the eye and as plain data."""
