"""The weights that a model starts from: a library's, by their tag, or a file's. Files are read without running code."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import USAGE, ZooError, first_line
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from zoo.specs import ModelSpec

# What ends so is a file even where there is none: a mistyped path must not be taken for an unknown tag.
_FILE = re.compile(r"\.(?:safetensors|pt|pth|bin)(?:#|$)")
_PREFIX, _HASH = "file:", "#sha256="
_WRAPPERS = ("state_dict", "model_state_dict", "model")
# Below this, a file can corrupt memory even under weights_only=True.
_SAFE_TORCH = (2, 10)


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

    def load(self) -> tuple[dict[str, Tensor], str]:
        """A file's tensors by name, and the label "file:NAME@HASH" under which a table shows them."""
        digest = self._digest()
        return _unwrapped(_read(self.file), self.file), f"{_PREFIX}{self.file.name}@{digest[:8]}"

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


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Load `state` into `model`; every tensor on either side must have its match. `name` is for the message."""
    # Before anything is copied: load_state_dict would fill what fits, and then tell hundreds of names.
    own = model.state_dict()
    problems = {
        "missing": [key for key in own if key not in state],
        "unexpected": [key for key in state if key not in own],
        "of another shape": [key for key in own if key in state and own[key].shape != state[key].shape],
    }
    differences = [f"{len(keys)} {what} ({_some(keys)})" for what, keys in problems.items() if keys]
    if differences:
        cause = f"{name} does not fit {type(model).__name__}: {', '.join(differences)}"
        raise ZooError(cause, "use weights saved from this very architecture")
    model.load_state_dict(state)


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")


def _read(path: Path) -> Any:
    """What is in the file; nothing in it is executed."""
    import torch

    if path.suffix != ".safetensors":
        _require_safe_torch(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        # Without map_location, what was saved on an accelerator cannot be read on a machine that has none.
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = first_line(error, limit=150) or type(error).__name__
        raise ZooError(f"{path} cannot be read: {reason}", "the file may be truncated; get it again") from error


def _require_safe_torch(path: Path) -> None:
    import torch

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < _SAFE_TORCH:
        cause = f"{path.name} is not read: torch {torch.__version__} does not load .pt and .pth files safely"
        raise ZooError(cause, "use torch 2.10 or newer, or save the weights as .safetensors")


def _unwrapped(content: Any, path: Path) -> dict[str, Tensor]:
    """The tensors themselves, out of the wrappings that training scripts put around them."""
    import torch

    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ZooError(f"{path} holds no plain tensors by name", "save model.state_dict()")
    # nn.DataParallel puts this before every name.
    parallel = bool(content) and all(key.startswith("module.") for key in content)
    return {key.removeprefix("module.") if parallel else key: value for key, value in content.items()}
