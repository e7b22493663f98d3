"""What a person or a program sees while something works: lines, a live screen, or events, all on stderr."""
