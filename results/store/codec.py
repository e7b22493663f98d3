"""Records as JSON: canonical, with a schema version and a hash that a flipped bit cannot survive; arrays as .npz."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from results.records import SCHEMA, Failure, Measurement, Record

if TYPE_CHECKING:
    import numpy as np

# How the names of arrays begin that are of the validation images; the others are of the test images.
VALIDATION = "val_"
# JSON has no such numbers; a diverged trial has.
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_data(record: Record) -> dict[str, Any]:
    """The record as plain JSON data."""
    data: dict[str, Any] = encoded(asdict(record))
    return data


def to_json(record: Record) -> bytes:
    """The record and its SHA-256, as UTF-8."""
    data = to_data(record)
    return json.dumps({"sha256": _digest(data), "record": data}, indent=1).encode()


def from_json(content: bytes) -> Record:
    """The record in `content`. Raises ValueError that says what is wrong with it."""
    try:
        wrapped = json.loads(content)
        data, digest = wrapped["record"], wrapped["sha256"]
        schema = int(data["schema"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a whole record ({type(error).__name__})") from error
    if schema > SCHEMA:
        raise ValueError(f"written with schema {schema}, this version reads up to {SCHEMA}")
    if _digest(data) != digest:
        raise ValueError("its SHA-256 does not fit its content")
    try:
        return _record(decoded(data))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a whole record ({error})") from error


def _record(data: dict[str, Any]) -> Record:
    # Within one schema fields are only added: one that we do not know yet, or that was not yet written, costs nothing.
    known = {field.name: data[field.name] for field in fields(Record) if field.name in data}
    typed = {
        "measurements": tuple(read_measurement(m) for m in data.get("measurements", ())),
        "error": Failure(**data["error"]) if data.get("error") else None,
        "history": tuple(data.get("history", ())),
        "per_class": tuple(data.get("per_class", ())),
        "confusion_counts": tuple(_confusion_counts(data)),
    }
    return Record(**known | typed)


def _confusion_counts(data: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """The cells; of a record that has the whole matrix, as all did before, those that are not 0."""
    for true, predicted, count in data.get("confusion_counts", ()):
        yield true, predicted, count
    for true, row in enumerate(data.get("confusion", ())):
        yield from ((true, predicted, count) for predicted, count in enumerate(row) if count)


def read_measurement(data: Mapping[str, Any]) -> Measurement:
    """A measurement from its JSON. Raises KeyError or TypeError where it is none."""
    known = {field.name: data[field.name] for field in fields(Measurement) if field.name in data}
    return Measurement(**known | {"values": tuple(data["values"]), "rounds": tuple(data.get("rounds", ()))})


def read_arrays(content: bytes, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of an .npz file whose names are `wanted`; no other is decompressed.

    Raises ValueError for more than arrays, and what numpy raises for a damaged file.
    """
    import numpy as np

    file = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(file, np.ndarray):
        raise ValueError("it is one array and no archive of them")
    with file:
        arrays = {name: file[name] for name in file.files if wanted(name)}
    # numpy hands out what is no array of its own as bytes.
    if any(isinstance(value, bytes) for value in arrays.values()):
        raise ValueError("it holds more than arrays")
    return arrays


def _digest(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def encoded(value: Any) -> Any:
    """A value as plain JSON data; numbers that JSON lacks become {"number": "NaN"}."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    # A scalar of numpy or torch; anything else is no plain data, and json says so.
    item = getattr(value, "item", None)
    return encoded(item()) if callable(item) else value


def decoded(value: Any) -> Any:
    """What `encoded` was given, with lists for tuples."""
    if isinstance(value, dict):
        if set(value) == {"number"} and value["number"] in NOT_FINITE:
            return NOT_FINITE[value["number"]]
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value
