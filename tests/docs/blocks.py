"""The files and commands of a page: what stands in its blocks of code, to be carried out as a reader would.

A block with a title is a file of that name; a block `console` has commands after `$ ` and what they print, in which a
line `…` stands for any number of lines, and `…` within a line for any words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that a reader writes; where a command has written it already, what it then says."""

    name: str
    text: str

    def put(self, folder: Path):
        path = folder / self.name
        if path.exists():
            assert path.read_text() == self.text, f"{self.name} is not what the page shows"
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A line that a reader types, and the lines that it prints."""

    line: str
    output: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        return any(re.search(r"^error: |, \d+ failed", line) for line in self.output)


def blocks(text: str) -> list[File | Command]:
    """The files and commands of a page in their order."""
    steps: list[File | Command] = []
    for match in FENCE.finditer(text):
        if match["title"]:
            steps.append(File(name=match["title"], text=match["text"]))
        elif match["kind"] == "console":
            steps += commands(match["text"])
    return steps


def commands(text: str) -> list[Command]:
    """The commands of a block, each with its output."""
    first, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not first, f"a block begins with output: {first}"
    return [Command(line=part.partition("\n")[0], output=part.splitlines()[1:]) for part in parts]


def agrees(expected: list[str], printed: list[str]) -> bool:
    """Whether these lines were printed, but for what `…` stands for."""
    lines = [r"(?:.*\n)*?" if line == "…" else f"{pattern(line)} *\n" for line in expected]
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in printed)) is not None


def pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))


def words(line: str) -> list[str]:
    """What a line says beside its figures and the ids of runs, which are another machine's."""
    return re.findall(r"[A-Za-z][A-Za-z_./]*[A-Za-z]", re.sub(r"-[0-9a-f]{4}\b", "", line))
