"""Probes on disk: one file each, there whole or not at all; its presence means that the probe is done."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.picks.probes.result import PREDICTIONS, SCORES, ProbeResult, read_result
from results.errors import StoreError
from results.store.atomic import make_folder, read_regular, write_atomic
from results.store.codec import decoded, encoded, read_arrays
from results.store.file_names import slug

VERSION = 1  # raised whenever the same question is answered in another way
WORDS = "words"


def identity_of(asked: Mapping[str, Any]) -> str:
    """The hash of all that decides a probe's answers, from plain data."""
    text = json.dumps([VERSION, dict(asked)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def probe_path(folder: Path, model: str, stage: int) -> Path:
    """Where a model's probe at a stage lies."""
    return folder / f"{slug(model)}@p{stage}.npz"


def write_probe(folder: Path, result: ProbeResult, identity: str) -> None:
    """Keep a result under the `identity` of what was asked. Raises StoreError."""
    words = json.dumps({"identity": identity, "result": encoded(result.words)})
    named = {PREDICTIONS: result.predictions_N, SCORES: result.scores_NK}
    arrays: dict[str, Any] = {name: array for name, array in named.items() if array is not None}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays | {WORDS: np.frombuffer(words.encode(), dtype=np.uint8)})
    make_folder(folder)
    write_atomic(probe_path(folder, result.model, result.stage), buffer.getvalue())


def read_probe(
    folder: Path,
    model: str,
    stage: int,
    identity: str,
    *,
    num_images: int,
    num_classes: int,
    note: Callable[[str], None] = lambda text: None,
) -> ProbeResult | None:
    """What is kept of that model and stage; None where nothing is, or something else, of which `note` is told.

    Raises StoreError where a file is there and cannot be read.
    """
    path = probe_path(folder, model, stage)
    if not path.exists():
        return None
    try:
        arrays = read_arrays(read_regular(path))
        words = json.loads(arrays.pop(WORDS).tobytes())
        kept, result = words["identity"], decoded(words["result"])
        if kept != identity:
            note(f"{model} is probed again: what is asked has changed since {path.name} was written")
            return None
        return read_result(result, arrays, num_images=num_images, num_classes=num_classes)
    except StoreError:
        raise
    # What numpy and zipfile raise for a damaged file depends on where it is damaged.
    except Exception as error:
        note(f"{model} is probed again: {path.name} is damaged ({type(error).__name__})")
        return None
