"""Models judged by a linear classifier on their frozen features, each image by one that has not seen it."""
