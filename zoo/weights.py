"""Weights from a file: read without running code, checked by hash, loaded strictly."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

_SUFFIXES = (".safetensors", ".pt", ".pth")
_WRAPPERS = ("state_dict", "model_state_dict", "model")
# Below this, a file can corrupt memory even under weights_only=True.
_SAFE_TORCH = (2, 10)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of weights and, where given, the SHA-256 it must have (or the first digits of it)."""

    path: Path
    sha256: str = ""

    @classmethod
    def parse(cls, text: str) -> WeightFile:
        """Read `FILE` or `FILE#sha256=HEX`."""
        path, _, digest = text.partition("#sha256=")
        if digest and not re.fullmatch(r"[0-9a-fA-F]{8,64}", digest):
            raise ZooError(f"sha256={digest} is no hash", "give 8 to 64 hexadecimal digits", USAGE)
        return cls(Path(path).expanduser(), digest.lower())

    def require(self) -> str:
        """The file's SHA-256. Raises ZooError where the file is not there or is not the one that was meant."""
        if not self.path.is_file():
            raise ZooError(f"no weights file {self.path}", "check the path given with --weights")
        digest = sha256_of(self.path)
        if not digest.startswith(self.sha256):
            cause = f"{self.path} has sha256 {digest[:16]}…, wanted {self.sha256[:16]}…"
            raise ZooError(cause, "get the file again, or correct the hash")
        return digest

    def load(self) -> tuple[dict[str, Tensor], str]:
        """The tensors by name, and the label "file:NAME@HASH" under which a table shows them."""
        digest = self.require()
        return _unwrapped(_read(self.path), self.path), f"file:{self.path.name}@{digest[:8]}"


def is_file_name(text: str) -> bool:
    """Whether `text`, given for weights, means a file rather than the tag of a library."""
    path = text.partition("#sha256=")[0]
    return path.endswith(_SUFFIXES) or Path(path).expanduser().is_file()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Load `state` into `model`; every tensor on either side must have its match. `name` is for the message."""
    own = model.state_dict()
    problems = {
        "missing": [key for key in own if key not in state],
        "unexpected": [key for key in state if key not in own],
        "of another shape": [key for key in own if key in state and own[key].shape != state[key].shape],
    }
    told = [f"{len(keys)} {what} ({_some(keys)})" for what, keys in problems.items() if keys]
    if told:
        cause = f"{name} does not fit {type(model).__name__}: {', '.join(told)}"
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
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:150]
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
    parallel = bool(content) and all(key.startswith("module.") for key in content)
    return {key.removeprefix("module.") if parallel else key: value for key, value in content.items()}
