"""What else happens while a step is timed: other processes, heat, a stopped process."""
