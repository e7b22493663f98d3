"""Keeps, ranks and shows what came out; readable on a laptop without torch."""
