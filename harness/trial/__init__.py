"""One trial, in the child process: build, train, evaluate, time."""
