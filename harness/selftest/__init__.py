"""The harness proves itself on this machine with questions whose answers are known. Imports no torch by itself."""
