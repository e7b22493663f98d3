"""Where the pretrained weights of a library lie, or can be fetched from; plain data, for plugins to return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSource:
    """The weights of one model and tag.

    `file_name` is what a person calls their file in a folder of weights, such as "resnet50.a1_in1k.safetensors". `path`
    is the file where it is here, in that folder or in a cache. Else it can be fetched from `url` to the file `put`,
    whose SHA-256 begins with the digits in its name; or from the Hugging Face `repository`, which has the first of
    `files` that it has. Where neither is named, a library offers no way to the weights, and `missing` says why.
    """

    file_name: str
    path: Path | None = None
    url: str = ""
    put: Path | None = None
    repository: str = ""
    files: tuple[str, ...] = ()
    missing: str = ""
