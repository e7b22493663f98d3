"""What is asked of a run, as plain frozen data. Imports no torch."""
