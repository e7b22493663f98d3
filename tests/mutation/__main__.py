"""What became of the mutants of `mutmut run`: `python -m tests.mutation`, after it, in the same folder.

Prints the share that was caught, by file, and every survivor that `survivors.toml` does not explain. Writes
`result.json` beside it, for docs/faults.md. Exits with 1 below 90 % or with a survivor unexplained.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

LEAST = 0.9  # of all mutants
HERE = Path(__file__).parent
EXPLAINED, RESULT = HERE / "survivors.toml", HERE / "result.json"
CAUGHT = {"killed", "timeout", "segfault", "caught by type check"}


def main() -> int:
    """The exit code."""
    outcomes = dict(_outcomes())
    caught = {file: sum(status in CAUGHT for status in mutants.values()) for file, mutants in outcomes.items()}
    for file, mutants in outcomes.items():
        print(f"{caught[file]:5} of {len(mutants):5} caught  {file}")
    total, all_caught = sum(map(len, outcomes.values())), sum(caught.values())
    share = all_caught / max(total, 1)
    print(f"{all_caught} of {total} caught: {100 * share:.1f} %")
    unexplained = list(_unexplained(outcomes))
    print(*unexplained, sep="\n")
    statuses = Counter(status for mutants in outcomes.values() for status in mutants.values())
    result = {"mutants": total, "caught": all_caught, "explained": total - all_caught - len(unexplained)}
    folders = sorted({str(Path(file).parent) for file in outcomes})
    RESULT.write_text(json.dumps({**result, "outcomes": statuses, "files": folders}, indent=1) + "\n")
    return int(share < LEAST or bool(unexplained))


def _outcomes() -> Iterator[tuple[str, dict[str, str]]]:
    """By file, the outcome of each of its mutants."""
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            yield str(path), {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def _unexplained(outcomes: dict[str, dict[str, str]]) -> Iterator[str]:
    """The diff of each survivor whose changed line survivors.toml does not have, under its file, with a reason."""
    explained = tomllib.loads(EXPLAINED.read_text())
    for file, mutants in outcomes.items():
        for name, status in mutants.items():
            if status in CAUGHT:
                continue
            diff = get_diff_for_mutant(name, path=file).splitlines()
            changed = next((line[1:].strip() for line in diff if line.startswith("+") and line[:3] != "+++"), "")
            if changed not in explained.get(file, {}):
                yield f"{status} {name}\n" + "\n".join(line for line in diff[2:] if line[:1] in "+-")


if __name__ == "__main__":
    sys.exit(main())
