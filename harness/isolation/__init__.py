"""The wall between a run and its trials: child processes, what they are given, what is believed of them."""
