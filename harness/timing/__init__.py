"""Time, memory and work of a model's steps, and how far each number can be trusted. Imports no torch by itself."""
