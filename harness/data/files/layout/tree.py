"""All that lies below some folders: each real one visited once, each file an image or counted with what it is instead.

Lists files and opens none.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.data.files.printable import how_many, listed
from harness.data.files.regular import reason
from results.sanitize import visible
from zoo import ZooError

SYSTEM = frozenset(
    {
        *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "#recycle"),
        *("system volume information", "lost+found", "__pycache__"),
    }
)
NAMES_SHOWN, KINDS_SHOWN = 3, 5


class Reason(NamedTuple):
    """Why files are left out, as what is said of one and of many of them."""

    one: str
    many: str


OTHER_FORMAT = Reason("file of another format", "files of other formats")
HIDDEN = Reason("hidden or system file", "hidden or system files")
DANGLING = Reason("link that leads nowhere", "links that lead nowhere")
IRREGULAR = Reason("pipe, socket or device", "pipes, sockets or devices")


@dataclass(slots=True, kw_only=True, eq=False)
class Folder:
    """A folder that was read: its image files, and the folders in it, both sorted. `path` is the way to it."""

    path: Path
    folders: list[Folder] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)

    def walk(self) -> Iterator[Folder]:
        """Itself and every folder below it."""
        waiting = [self]  # no recursion: folders may lie deeper than Python's stack
        while waiting:
            folder = waiting.pop()
            yield folder
            waiting += reversed(folder.folders)

    def all_images(self) -> list[Path]:
        """The images in it and below it, sorted."""
        return sorted(path for folder in self.walk() for path in folder.images)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Files that are left out for one reason: how many, of which kinds, and the first few of them."""

    count: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: list[Path] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class LeftOut:
    """Every file that is not used, by the reason why."""

    tallies: dict[Reason, Tally] = field(default_factory=dict)

    def add(self, why: Reason, path: Path, kind: str = "") -> None:
        """Count one file."""
        tally = self.tallies.setdefault(why, Tally())
        tally.count += 1
        if kind:
            tally.kinds[kind] += 1
        if len(tally.first) < NAMES_SHOWN:
            tally.first.append(path)

    def notes(self, root: Path) -> tuple[str, ...]:
        """A line for each reason, with names below `root`."""
        return tuple(self._note(why, tally, root) for why, tally in self.tallies.items())

    def _note(self, why: Reason, tally: Tally, root: Path) -> str:
        names = some(tally.first, root, tally.count)
        if tally.kinds:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in tally.kinds.most_common(KINDS_SHOWN))
            names = f"{kinds}{', …' if len(tally.kinds) > KINDS_SHOWN else ''} ({names})"
        return f"{how_many(tally.count, *why)} {'was' if tally.count == 1 else 'were'} left out: {names}"


@dataclass(slots=True, kw_only=True)
class Tree:
    """The folders that were asked for, in order, and what was met on the way.

    `again` are ways to folders that are read already, `closed` hidden folders that cannot be read.
    """

    roots: list[Folder]
    left_out: LeftOut = field(default_factory=LeftOut)
    again: list[tuple[Path, Folder]] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)


def read_tree(roots: Sequence[Path], formats: frozenset[str], apart: Iterable[Path] = ()) -> Tree:
    """Everything below `roots`, but for the files `apart`. Raises ZooError for folders that cannot be read."""
    reading = _Reading(formats=formats, apart=tuple(apart), tree=Tree(roots=[Folder(path=root) for root in roots]))
    return reading.read()


def some(paths: Sequence[Path], root: Path, total: int | None = None) -> str:
    """The first few names below `root`, and how many more there are."""
    names = [os.path.relpath(path, root) for path in paths[:NAMES_SHOWN]]
    more = (len(paths) if total is None else total) - len(names)
    return listed(names) + (f" and {more:,} more" if more > 0 else "")


@dataclass(slots=True, kw_only=True)
class _Reading:
    """A tree while it is read. Real folders come first and links to folders last, so that a file is known by the
    place where it lies; hidden folders are counted at the end, when it is known what else led into them."""

    formats: frozenset[str]
    apart: tuple[Path, ...]
    tree: Tree
    known: dict[tuple[int, int], Folder] = field(default_factory=dict)
    links: deque[tuple[Folder, Path]] = field(default_factory=deque)
    hidden: list[tuple[str, Path]] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)

    def read(self) -> Tree:
        roots = self.tree.roots
        # All of them before any is read: one may lie within another, which then goes without it.
        for root in [root for root in roots if self._is_new(root)]:
            self._descend(root)
        while self.links:
            parent, path = self.links.popleft()
            folder = Folder(path=path)
            if self._is_new(folder):
                parent.folders.append(folder)
                self._descend(folder)
        self._require_all_read()
        for name, path in self.hidden:
            self._count_hidden(name, path)
        for root in roots:
            for folder in root.walk():
                folder.folders.sort(key=lambda found: found.path.name)
                folder.images.sort()
        return self.tree

    def _is_new(self, folder: Folder) -> bool:
        try:
            status = os.stat(folder.path)
        except OSError as error:
            self.unreadable.append((folder.path, reason(error)))
            return False
        known = self.known.setdefault((status.st_dev, status.st_ino), folder)
        # A folder that was asked for may lie in another that was: there it is passed over.
        if known is not folder and (known not in self.tree.roots or os.path.islink(folder.path)):
            self.tree.again.append((folder.path, known))
        return known is folder

    def _descend(self, top: Folder) -> None:
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder.path) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.unreadable.append((folder.path, reason(error)))
                continue
            inside = [below for entry in found if (below := self._sort(entry, folder)) is not None]
            waiting += reversed(inside)

    def _sort(self, entry: os.DirEntry[str], folder: Folder) -> Folder | None:
        """Put an entry where it belongs; a real folder is returned, to be read."""
        # Not entry.path: "./x" is one name of a file too many.
        path = folder.path / entry.name
        if entry.name.startswith(".") or entry.name.casefold() in SYSTEM:
            self.hidden.append((entry.name, path))
        elif not _is_folder(entry):
            self._file(entry, path, folder)
        elif entry.is_symlink():
            self.links.append((folder, path))
        elif self._is_new(below := Folder(path=path)):
            folder.folders.append(below)
            return below
        return None

    def _file(self, entry: os.DirEntry[str], path: Path, folder: Folder) -> None:
        left_out = self.tree.left_out
        if any(path.name == other.name and _same(path, other) for other in self.apart):
            return
        if entry.is_symlink() and not os.path.exists(path):
            left_out.add(DANGLING, path)
        elif not entry.is_file():
            left_out.add(IRREGULAR, path)
        elif path.suffix.lower() not in self.formats:
            left_out.add(OTHER_FORMAT, path, visible(path.suffix) or "no suffix")
        else:
            folder.images.append(path)

    def _require_all_read(self) -> None:
        if not self.unreadable:
            return
        root = self.tree.roots[0].path
        named = [f"{os.path.relpath(path, root)} ({why})" for path, why in self.unreadable]
        raise ZooError(
            f"{how_many(len(named), 'folder', 'folders')} cannot be read: {listed(named, NAMES_SHOWN)}",
            "allow reading them (chmod -R u+rX), or move them elsewhere",
        )

    def _count_hidden(self, name: str, path: Path) -> None:
        """Count a hidden file, or the files below a hidden folder. Follows no links: nothing there is used."""
        waiting = [path]
        while waiting:
            at = waiting.pop()
            if os.path.islink(at) or not os.path.isdir(at):
                self.tree.left_out.add(HIDDEN, at, visible(name))
                continue
            try:
                status = os.stat(at)
                inside = sorted(os.listdir(at), reverse=True)
            except OSError:
                self.tree.closed.append(at)
                continue
            if (status.st_dev, status.st_ino) not in self.known:  # else what lies there is used, by a link
                waiting += [at / name for name in inside]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that may not be entered
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
