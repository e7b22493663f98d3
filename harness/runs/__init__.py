"""A whole run, in the parent process: from its first line to its table."""
