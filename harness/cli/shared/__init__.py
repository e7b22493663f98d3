"""What several commands share: the parser, the flags of training, warnings about plugins."""
