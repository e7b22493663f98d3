"""An asynchronous device that needs no hardware: work is handed over at once and done later."""

from __future__ import annotations

from time import perf_counter, sleep


class StandIn:
    """Queues work of a known duration; only `synchronize` waits for it."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def launch(self, seconds: float) -> None:
        self._free_at = max(self._free_at, perf_counter()) + seconds

    def synchronize(self) -> None:
        sleep(max(self._free_at - perf_counter(), 0.0))


class FakeClock:
    """Plays back times in ms; the last one repeats for ever. `num_steps` counts them."""

    def __init__(self, *times: float) -> None:
        self._times = list(times)
        self.num_steps = 0

    def synchronize(self) -> None: ...

    def time_ms(self, step) -> float:
        step()
        self.num_steps += 1
        return self._times.pop(0) if len(self._times) > 1 else self._times[0]
