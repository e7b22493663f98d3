"""Every image decoded and resized once, as a model wants it."""
