"""`python -m harness` and the console script `harness`."""

from __future__ import annotations

import sys

from harness.own_packages import leave_current_folder_out


def main() -> int:
    """Run the command line."""
    # Not above: what it imports must not be looked for in the current folder.
    from harness.cli.main import main as command_line

    return command_line()


if __name__ == "__main__":
    leave_current_folder_out()
    sys.exit(main())
