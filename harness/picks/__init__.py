"""From many pretrained models to a few, on a person's own images: what `harness pick` does, a stage a file."""
