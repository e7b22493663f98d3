"""The models and datasets that ship with the project; each file is one plugin."""
