"""Models through the checks of `zoo.testing`, each in a process of its own."""
