"""What a round of timing found, on its way from the process that took it: JSON, checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.isolation.validate import is_number, require_measurement
from harness.timing.result import Timing
from harness.trial.times import DeviceTiming
from results.store.codec import decoded, encoded, read_measurement

TEXTS = ("device", "error", "traceback")


def pack(timings: Sequence[Sequence[DeviceTiming]]) -> list[Any]:
    """For each model what timing came to on each device, as JSON."""
    packed: list[Any] = encoded([[asdict(one) for one in devices] for devices in timings])
    return packed


def unpack(packed: Any, num_models: int, devices: Sequence[str]) -> list[list[DeviceTiming]]:
    """What `pack` gave, for so many models on `devices`. Raises ValueError where it is not what a round gives."""
    try:
        timings = [[_read(one) for one in model] for model in decoded(packed)]
    except (KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no result of a timing ({type(error).__name__})") from error
    if [[one.device for one in model] for model in timings] != [list(devices)] * num_models:
        raise ValueError("it is a timing of other models, or on other devices")
    return timings


def _read(data: Any) -> DeviceTiming:
    """By name, so that no further word of a child's gets into a record."""
    if not all(isinstance(data[name], str) for name in TEXTS):
        raise ValueError("its words are no text")
    timing = None if data["timing"] is None else _read_timing(data["timing"], data["device"])
    return DeviceTiming(
        device=data["device"],
        timing=timing,
        error=data["error"],
        traceback=data["traceback"],
        out_of_memory=data["out_of_memory"] is True,
    )


def _read_timing(data: Any, device: str) -> Timing:
    measurements = tuple(read_measurement(one) for one in data["measurements"])
    for measured in measurements:
        require_measurement(measured)
        if not measured.name.startswith(f"{device}_"):
            raise ValueError(f"its measurement {measured.name!r:.40} is none of {device}")
    facts, failures = data["facts"], data["failures"]
    _require_words(failures)
    if not isinstance(facts, Mapping) or not all(
        is_number(one) or isinstance(one, str | bool) for one in facts.values()
    ):
        raise ValueError("its facts are neither numbers nor words")
    return Timing(
        measurements=measurements,
        verdict=str(data["verdict"]),
        reasons=tuple(str(one) for one in data["reasons"]),
        disturbances=tuple(str(one) for one in data["disturbances"]),
        failures=dict(failures),
        facts=dict(facts),
    )


def _require_words(words: Any) -> None:
    if not isinstance(words, Mapping) or not all(isinstance(one, str) for pair in words.items() for one in pair):
        raise ValueError("its failures are no words")
