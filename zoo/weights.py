"""The weights that a model starts from: a library's, by their tag, or a file's. Files are read without running code."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.checkpoints.contents import checkpoint_of
from zoo.checkpoints.reading import read
from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from zoo.checkpoints.checkpoint import Checkpoint
    from zoo.specs import ModelSpec

# What ends so is a file even where there is none: a mistyped path must not be taken for an unknown tag.
_FILE = re.compile(r"\.(?:safetensors|pt|pth|pth\.tar|bin|ckpt)(?:#|$)")
_PREFIX, _HASH = "file:", "#sha256="


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Pretrained weights of a model's library, by their `tag` ("default": the first that it offers), or a file's.

    `sha256` holds the digits, all or the first, of the hash that the file must have. `str()` gives the text under
    which records and `run.json` keep them.
    """

    tag: str = ""
    # As it was typed, "~" and "./" included: the key of a trial is made of it.
    path: str = ""
    sha256: str = ""

    @classmethod
    def parse(cls, text: str) -> Weights:
        """What a person types: a tag, `FILE` or `FILE#sha256=HEX`. A file by its suffix, or because it is there."""
        path, has_hash, sha256 = text.removeprefix(_PREFIX).partition(_HASH)
        if not (text.startswith(_PREFIX) or _FILE.search(text) or os.path.isfile(os.path.expanduser(path))):
            return cls(tag=text)
        if has_hash and not re.fullmatch(r"[0-9a-fA-F]{8,64}", sha256):
            raise ZooError(f"sha256={sha256} is no hash", "give 8 to 64 hexadecimal digits", USAGE)
        return cls(path=path, sha256=sha256)

    @classmethod
    def from_text(cls, text: str) -> Weights:
        """What `str()` gave. Unlike `parse` it asks no disk: what was a tag stays one, whatever lies beside it."""
        if not text.startswith(_PREFIX):
            return cls(tag=text)
        path, _, sha256 = text.removeprefix(_PREFIX).partition(_HASH)
        return cls(path=path, sha256=sha256)

    def __str__(self) -> str:
        return f"{_PREFIX}{self.path}{_HASH if self.sha256 else ''}{self.sha256}" if self.path else self.tag

    @property
    def file(self) -> Path:
        """Where the file lies."""
        return Path(os.path.expanduser(self.path))

    def check(self, spec: ModelSpec) -> None:
        """Raise ZooError (usage) where `spec` does not offer the tag: random weights would be a silent lie."""
        is_offered = self.tag in spec.weights or (self.tag == "default" and spec.weights)
        if not self.path and not is_offered:
            raise not_offered(spec, self.tag)

    def require(self, spec: ModelSpec) -> None:
        """Raise ZooError where the weights are neither here, and whole, nor within reach. Takes seconds."""
        if self.path:
            self._digest()
        elif spec.require_weights is not None:
            spec.require_weights(self.tag)

    def load(self) -> tuple[Checkpoint, str]:
        """What a file holds, and the label "file:NAME@HASH" under which a table shows it."""
        digest = self._digest()
        content, words = read(self.file)
        return checkpoint_of(content, words, self.file), f"{_PREFIX}{self.file.name}@{digest[:8]}"

    def _digest(self) -> str:
        """The file's SHA-256. Raises ZooError where the file is not there or is not the one that was meant."""
        if not os.path.isfile(self.file):
            raise ZooError(f"no weights file {self.file}", "check the path given with --weights")
        digest, wanted = sha256_of(self.file), self.sha256.lower()
        if not digest.startswith(wanted):
            cause = f"{self.file} has sha256 {digest[:16]}…, wanted {wanted[:16]}…"
            raise ZooError(cause, "get the file again, or correct the hash")
        return digest


def not_offered(spec: ModelSpec, tag: str) -> ZooError:
    """The error for pretrained weights that a model does not have."""
    named = f" '{tag}'" if tag != "default" or spec.weights else ""
    cause = f"{spec.name} has no pretrained weights{named}{did_you_mean(tag, spec.weights)}"
    tags = ", ".join(spec.weights[:5])
    remedy = f"it offers: {tags}" if tags else "leave it out with --plugins …,-NAME, or give --weights FILE"
    return ZooError(cause, remedy, USAGE)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    import hashlib  # loading OpenSSL costs 2 ms, and --help reads no weights

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
