"""The words by which people call the parts of a dataset, in names of folders and in columns of labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

WORDS = {
    "train": ("train", "training", "trn", "trainval"),
    "val": ("val", "valid", "validation", "validate", "dev", "devel", "development"),
    "test": ("test", "testing", "tst", "holdout", "heldout"),
}
# The one or the other, as there is a folder for the other or the one: of some it is what chooses, of some what judges.
EITHER = ("eval", "evaluation", "evaluate", "evaluating")
VAL_OR_TEST = "val or test"
FILLERS = ("set", "sets", "split", "data", "dataset", "image", "images", "img", "imgs", "photos", "pictures", "pics")
# Where words meet: testSet, train2017, test_set, "hold-out"; and where none is marked, as in testset.
BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|[\W\d_]+")
ENDING = re.compile(r"(?<=\w)(?:data|sets?|images?|imgs?)$")


def part_of(name: str) -> str | None:
    """The part that a name stands for: train, val, test, or `VAL_OR_TEST`; None for a name of no part, or of two."""
    tokens = _tokens(name)
    whole = "".join(token for token in tokens if token not in FILLERS)
    meant = {part for part, words in _WORDS.items() if whole in words}
    meant = meant or {part for part, words in _WORDS.items() if any(token in words for token in tokens)}
    return meant.pop() if len(meant) == 1 else None


def parts_of(names: Iterable[str], elsewhere: Collection[str] = ()) -> dict[str, list[str]]:
    """The names that stand for a part, by part; the parts `elsewhere` are given otherwise.

    `VAL_OR_TEST` remains where neither or both have a name of their own.
    """
    named: dict[str, list[str]] = {}
    for name in names:
        part = part_of(name)
        if part is not None:
            named.setdefault(part, []).append(name)
    free = {"val", "test"} - {*named, *elsewhere}
    if VAL_OR_TEST in named and len(free) == 1:
        named[free.pop()] = named.pop(VAL_OR_TEST)
    return named


def is_wrapper(name: str, around: str) -> bool:
    """Whether a folder alone in another is only its wrapping: called alike, or like no class (`images`, `train`)."""
    tokens = _tokens(name)
    fillers = {*FILLERS, *(word for words in _WORDS.values() for word in words)}
    return tokens == _tokens(around) or all(token in fillers for token in tokens)


_WORDS = WORDS | {VAL_OR_TEST: EITHER}


def _tokens(name: str) -> list[str]:
    parts = (part.casefold() for part in BOUNDARY.split(name))
    return [part if part in FILLERS else ENDING.sub("", part) for part in parts if part]
