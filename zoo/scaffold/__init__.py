"""What `harness new` writes: the first version of a plugin, as one file or as a package that pip installs."""
