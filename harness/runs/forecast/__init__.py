"""What is foretold of a run: whether its models fit into memory, and how long the rest of it takes."""
