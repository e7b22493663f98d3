"""The loggers of a run: each in a process of its own, which may fail or hang without touching the run."""
