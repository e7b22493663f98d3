"""From the catalogue to a list of models to try, before any image is looked at."""
