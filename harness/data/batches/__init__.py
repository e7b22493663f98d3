"""Batches of normalised images, in an order that (seed, epoch) decides."""
