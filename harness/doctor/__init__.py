"""What this machine is, and what on it will spoil a run or a figure. Imports no torch by itself."""
