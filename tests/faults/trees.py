"""Random folder trees of images, and a count of their files that shares no code with the harness."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

NAMES = ("cat", "dog", "elm", "Zebra", "ünï", "two words", "-x", "7", "a'b", os.fsdecode(b"\xff"))
IMAGES = (".png", ".JPG", ".jpeg", ".bmp")
OTHERS = ("readme.txt", "x.csv", "noext", "archive.zip", "a.npy")
HIDDEN = (".DS_Store", "._1.png", "Thumbs.db", "desktop.ini")
HIDDEN_FOLDERS = (".git", "__MACOSX", ".ipynb_checkpoints", "@eaDir", "lost+found")


@dataclass(slots=True, kw_only=True)
class Made:
    """A tree: its class folders in every part, folders that may not be read, and whether it must be refused."""

    root: Path
    dice: Random
    parts: list[Path] = field(default_factory=list)
    classes: list[Path] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    doubtful: bool = False
    content: Callable[[], bytes] = bytes

    def anywhere(self) -> Path:
        """Some folder that is looked into."""
        return self.dice.choice([self.root, *self.parts, *self.classes])

    def images(self, folder: Path, num: int) -> None:
        """Files that are images by their names."""
        folder.mkdir(parents=True, exist_ok=True)
        for _ in range(num):
            name = f"{self.dice.randrange(10**6)}{self.dice.choice(IMAGES)}"
            (folder / name).write_bytes(self.content())

    def other(self) -> None:
        (self.anywhere() / self.dice.choice(OTHERS)).touch()

    def hidden(self) -> None:
        (self.anywhere() / self.dice.choice(HIDDEN)).touch()

    def hidden_folder(self) -> None:
        folder = self.anywhere() / self.dice.choice(HIDDEN_FOLDERS)
        self.images(folder / "deep", 2)
        self.images(folder, 1)
        if self.dice.random() < 0.3:
            self.closed.add(str(folder / "deep"))

    def dangling(self) -> None:
        link = self.anywhere() / f"gone{self.dice.choice(('.png', '', '.txt'))}"
        if not link.is_symlink():
            link.symlink_to("nowhere")

    def pipe(self) -> None:
        pipe = self.anywhere() / "pipe.png"
        if not pipe.exists():
            os.mkfifo(pipe)

    def outside_classes(self) -> None:
        self.images(self.dice.choice([self.root, *self.parts]), self.dice.randint(1, 3))

    def deeper(self) -> None:
        self.images(self.dice.choice(self.classes) / "more" / "deep", self.dice.randint(1, 3))

    def image_link(self) -> None:
        image = next(path for path in sorted(self.classes[0].iterdir()) if path.suffix in IMAGES)
        link = self.classes[0] / f"link{image.suffix}"
        if not link.exists():
            link.symlink_to(image.name)

    def circle(self) -> None:
        link = self.dice.choice(self.classes) / "again"
        if not link.is_symlink():
            link.symlink_to(self.dice.choice((link.parent, self.root)))

    def linked_in(self) -> None:
        """A folder of images that lies elsewhere."""
        store = self.root.parent / f"{self.root.name} store {self.dice.randrange(10**6)}"
        self.images(store / "within", 2)
        (self.dice.choice(self.classes) / f"from{store.name[-6:]}").symlink_to(store)

    def linked_to_hidden(self) -> None:
        """A link to images that lie in a hidden folder, as tools for large files make them."""
        store = self.root / ".store" / str(self.dice.randrange(10**6))
        self.images(store, 2)
        (self.dice.choice(self.classes) / f"from{store.name}").symlink_to(store)

    def closed_folder(self) -> None:
        folder = self.dice.choice(self.classes) / "closed"
        self.images(folder, 2)
        self.closed.add(str(folder))
        self.doubtful = True

    def two_classes(self) -> None:
        """A link from one class into another."""
        link = self.classes[0] / "other"
        if not link.is_symlink():
            link.symlink_to(self.classes[1])
        self.doubtful = True

    def alias(self) -> None:
        """A link to a class where another class would be."""
        (self.classes[0].parent / "alias").symlink_to(self.classes[0])
        self.doubtful = True

    def same_name(self) -> None:
        self.images(self.classes[0].parent / f"{self.classes[0].name} ", 1)
        self.doubtful = True

    def hollow(self) -> None:
        for image in self.classes[0].iterdir():
            if image.suffix in IMAGES:
                image.unlink()
        self.images(self.classes[0] / "inner", 2)
        self.doubtful = True

    def beside(self) -> None:
        self.images(self.root / "leftover" / "cat", 1)
        self.doubtful = True

    def second(self) -> None:
        self.images(self.root / f"{self.parts[0].name}_set" / "cat", 1)
        self.doubtful = True


SOUND = (
    *(Made.other, Made.hidden, Made.hidden_folder, Made.dangling, Made.pipe, Made.outside_classes, Made.deeper),
    *(Made.image_link, Made.circle, Made.linked_in, Made.linked_to_hidden),
)
DOUBTS = (Made.closed_folder, Made.two_classes, Made.alias, Made.same_name, Made.hollow)
DOUBTS_OF_PARTS = (Made.beside, Made.second)


def grown(root: Path, seed: int, content: Callable[[], bytes] = bytes, num: int = 2) -> Made:
    """A tree of 2 to 4 classes with at least `num` images, in parts or not, and up to six oddities."""
    dice = Random(f"tree {seed}")
    made = Made(root=root, dice=dice, content=content)
    words = dice.choice(((), (), ("train", "test"), ("Training_set", "validation", "evaluation"), ("train2017", "dev")))
    made.parts = [root / word for word in words]
    labels = dice.sample(NAMES, dice.randint(2, 4))
    made.classes = [part / label for part in made.parts or [root] for label in labels]
    for folder in made.classes:
        made.images(folder, dice.randint(num, num + 3))
    for _ in range(dice.randint(0, 5)):
        dice.choice(SOUND)(made)
    if dice.random() < 0.25:
        dice.choice(DOUBTS + (DOUBTS_OF_PARTS if made.parts else ()))(made)
    return made


def num_files(root: Path, closed: set[str]) -> int:
    """Every entry below `root` that is no folder, by the folder where it really lies; links are followed but for those
    in hidden folders, of which what may not be read is not known."""
    files, seen = set(), set()
    waiting = [(str(root), False)]
    while waiting:
        folder, hidden = waiting.pop(0)
        real = os.path.realpath(folder)
        if real in seen or folder in closed:
            continue
        seen.add(real)
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            within = hidden or name.startswith(".") or name in (*HIDDEN, *HIDDEN_FOLDERS)
            if os.path.isdir(path) and not (within and os.path.islink(path)):
                waiting.append((path, within))
            else:
                files.add((real, name))
    return len(files)


def num_named(notes: tuple[str, ...]) -> int:
    """How many files the notes say were left out."""
    counts = [re.match(r"([\d,]+) .*(?:was|were) left out(?:: |$)", note) for note in notes]
    return sum(int(count[1].replace(",", "")) for count in counts if count)
