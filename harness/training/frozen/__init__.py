"""A frozen backbone as a faster copy that gives the same features: its graph rewritten, its convolutions replaced."""
