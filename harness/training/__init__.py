"""The shared loop that trains every model, and the faster ways that give the same answers."""
