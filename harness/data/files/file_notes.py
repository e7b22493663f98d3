"""What a person should know of files that are used: what of them is not, and what their numbers are taken for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.data.files.file_facts import FileFacts
from harness.data.files.printable import listed
from harness.data.files.regular import common_folder
from harness.data.formats.sixteen_bits import FULL, white_level
from results.tables.number_format import counted

NAMED = 3

REMARKS: Sequence[tuple[str, Callable[[FileFacts], bool]]] = (
    ("with several frames or pages, of which the first is used", lambda facts: facts.frames > 1),
    ("with more bands than are used, which are the first", lambda facts: facts.unused_bands > 0),
    ("of 16 bits of which only the upper 8 are read", lambda facts: facts.coarse),
    ("with damaged metadata, which is passed over", lambda facts: facts.bad_metadata),
)


def file_notes(files: Mapping[str, Sequence[Path]], facts: Mapping[str, Sequence[FileFacts]]) -> tuple[str, ...]:
    """A note for each of `REMARKS` that is true of any file, and on pictures of 16 bits."""
    pairs = [pair for part in facts for pair in zip(files[part], facts[part], strict=True) if _is_remarkable(pair[1])]
    if not pairs:
        return ()
    folder = common_folder([path for part in facts for path in files[part]])
    named = [(os.path.relpath(path.absolute(), folder), fact) for path, fact in pairs]
    remarks = [_note(text, [name for name, fact in named if applies(fact)]) for text, applies in REMARKS]
    return tuple(note for note in (*remarks, *_about_16_bits(named, white_of(facts))) if note)


def white_of(facts: Mapping[str, Sequence[FileFacts]]) -> int:
    """The 16-bit value that is white in every part: from the files that are given as training images."""
    return white_level(fact.highest for fact in facts.get("train", ()))


def _is_remarkable(fact: FileFacts) -> bool:
    return not fact.problem and (fact.highest > 0 or any(applies(fact) for _, applies in REMARKS))


def _note(text: str, names: Sequence[str]) -> str:
    return f"{counted(len(names), 'file')} {text}: {listed(names, NAMED)}" if names else ""


def _about_16_bits(named: Sequence[tuple[str, FileFacts]], white: int) -> list[str]:
    wide = [fact.highest for _, fact in named if fact.highest]
    if not wide:
        return []
    above = [name for name, fact in named if fact.highest > white]
    scale = f"their values, up to {max(wide):,}, are scaled from 0-{white:,}"
    why = "" if white == FULL else f", the least {white.bit_length()} bits that hold those of the training images"
    beyond = f"with values above {white:,}, which the training images do not have, and which become white"
    return [f"{counted(len(wide), 'file')} of 16 bits: {scale}{why}", _note(beyond, above)]
