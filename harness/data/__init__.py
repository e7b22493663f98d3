"""From a dataset's name or a folder of images to normalised batches: opened, split, decoded once, kept, fed."""
