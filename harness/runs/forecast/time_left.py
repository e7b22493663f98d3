"""How long the rest of a run takes, learnt from what has run of it. Arithmetic alone: it reads no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

FAR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A trial that is planned: its epochs at most, the multiply-adds of an image (0: unknown), and how many rounds of
    timing follow once all trials have ended. `may_stop` says whether it can end before its last epoch."""

    model: str
    epochs: int
    macs: int = 0
    rounds: int = 0
    may_stop: bool = False


@dataclass(slots=True)
class _Seen:
    """Seconds that were seen of something, by model."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, model: str, seconds: float) -> None:
        self.values.setdefault(model, []).append(seconds)

    def means(self) -> dict[str, float]:
        return {model: fmean(values) for model, values in self.values.items()}


@dataclass(slots=True)
class TimeLeft:
    """What is to come, by the key of its trial, and the seconds that were seen of it.

    A model that has not run yet is taken to need as long for an epoch as its multiply-adds make of those that have;
    for all beside epochs (building, features, timing) as long as they did on average. Where it has more than `FAR`
    times the multiply-adds of the largest that has run, nothing is known: a small model's time is not its arithmetic's.
    """

    coming: Mapping[str, Coming]
    at_once: int = 1  # trials that are carried out side by side; rounds of timing follow one another
    _epochs: _Seen = field(default_factory=_Seen)
    _beside: _Seen = field(default_factory=_Seen)
    _whole: _Seen = field(default_factory=_Seen)
    _spent: dict[str, float] = field(default_factory=dict)
    _reached: dict[str, int] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    def epoch(self, key: str, number: int, seconds: float) -> None:
        """A trial's epoch, counted from 1, has ended. Of a trial that was not planned here nothing is learnt."""
        if key not in self.coming:
            return
        self._epochs.add(self.coming[key].model, seconds)
        self._spent[key] = self._spent.get(key, 0.0) + seconds
        self._reached[key] = number

    def trial(self, key: str, seconds: float, *, went_well: bool = True) -> None:
        """A trial has ended after so many seconds in all. One that failed says nothing of others."""
        if key not in self.coming:
            return
        self._ended.add(key)
        if went_well:
            self._whole.add(self.coming[key].model, seconds)
            self._beside.add(self.coming[key].model, max(0.0, seconds - self._spent.get(key, 0.0)))

    @property
    def seconds(self) -> float | None:
        """What is left; None before the first epoch or trial has ended, and where a coming model is unlike all."""
        epochs, beside, whole = self._epochs.means(), self._beside.means(), self._whole.means()
        usually_beside, expected = _mean(beside), self._expected(epochs)
        left = rounds = 0.0
        for key, one in self.coming.items():
            other = beside.get(one.model, usually_beside)
            rounds += one.rounds * other
            if key in self._ended:
                continue
            if one.model in whole:
                left += max(0.0, whole[one.model] - self._spent.get(key, 0.0))
                continue
            epoch = expected.get(one.model)
            if epoch is None:
                return None
            left += (one.epochs - self._reached.get(key, 0)) * epoch + other
        return left / self.at_once + rounds

    @property
    def may_stop(self) -> bool:
        """Whether a training that is to come may end early, which makes `seconds` the most that is left."""
        return any(one.may_stop for key, one in self.coming.items() if key not in self._ended)

    def _expected(self, epochs: Mapping[str, float]) -> dict[str, float]:
        """Seconds of an epoch of each model of which anything can be said."""
        if not epochs:
            return {}
        macs = {one.model: one.macs for one in self.coming.values()}
        seen = {model: macs[model] for model in epochs if macs[model]}
        rate = sum(epochs[model] for model in seen) / sum(seen.values()) if seen else 0.0
        usual, largest = _mean(epochs), max(seen.values(), default=0)
        guessed = {model: count * rate or usual for model, count in macs.items() if not seen or count <= FAR * largest}
        return {**guessed, **epochs}


def _mean(means: Mapping[str, float]) -> float:
    return fmean(means.values()) if means else 0.0
