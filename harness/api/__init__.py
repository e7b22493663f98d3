"""What `import harness` offers, and the command line is a shell over: runs, timings, names of models."""
