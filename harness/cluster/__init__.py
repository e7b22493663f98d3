"""More than one machine, or more than one trial at once: who carries out its trials."""
