"""What a person types, and what it answers: a thin shell over the Python API."""
