"""Several trials as one: how they are averaged, what that is worth, and which are best together."""
