"""Features of frozen backbones, computed once and shared by every epoch, seed, head and learning rate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from results.store.atomic import whole_file

Features = tuple[Tensor, Tensor]
# Raised whenever features are computed, or kept, in another way: what earlier versions wrote is not found any more.
VERSION = 2


@dataclass(slots=True)
class FeatureStore:
    """Features [N, ...] and labels [N] by key, kept in memory, and in `folder` for the processes that come after.

    `computation` names what makes them: the model, its plugin's files and the libraries. Only what the same one wrote
    is found in the folder. `note` is told where they cannot be written there.
    """

    folder: Path | None = None
    computation: str = ""
    note: Callable[[str], None] = lambda text: None
    kept: dict[str, Features] = field(default_factory=dict)

    def get(self, key: str, compute: Callable[[], Features]) -> Features:
        """What is kept under `key`, computed on first use."""
        if key not in self.kept:
            self.kept[key] = self._read(key) or self._write(key, compute())
        return self.kept[key]

    def _read(self, key: str) -> Features | None:
        """What another process wrote, on the CPU and mapped from its file; None where it wrote nothing whole."""
        if self.folder is not None:
            with suppress(OSError, SafetensorError, KeyError):
                tensors = load_file(self._path(self.folder, key))
                return tensors["features"], tensors["labels"]
        return None

    def _write(self, key: str, computed: Features) -> Features:
        """Write for others. Where the disk is full they compute the features again, and nothing else is lost."""
        if self.folder is not None:
            tensors = {name: tensor.cpu() for name, tensor in zip(("features", "labels"), computed, strict=True)}
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with whole_file(self._path(self.folder, key)) as file:
                    save_file(tensors, file.name)  # by name: bytes to be written would be all features once more
            except (OSError, SafetensorError) as error:
                why = getattr(error, "strerror", None) or " ".join(str(error).split())
                self.note(f"its features cannot be kept for other trials, which compute them again: {why}")
        return computed

    def _path(self, folder: Path, key: str) -> Path:
        whole = json.dumps([VERSION, self.computation, key])
        return folder / f"{hashlib.sha256(whole.encode()).hexdigest()[:32]}.safetensors"
