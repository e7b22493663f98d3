"""What a pick is asked, as plain data: built from flags by the command line, from arguments by Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.plan.option_table import RUN
from harness.plan.pick_options import ALL, PICK, SEEDS
from harness.plan.request import RunRequest
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from harness.picks.listing.candidates import Limits

CPU_GMACS, CPU_MODELS, MODELS = 5.0, 48, 96


@dataclass(frozen=True, slots=True, kw_only=True)
class PickRequest:
    """A pick: what may be chosen, within which limits of time, bytes and size, and the run that the finalists get.

    `models` are names and globs, `on` the type of the device that `max_ms` (for `infer_batch_size` images) is about,
    None for the one that trains. `budget` is in seconds, `max_download` in bytes, `max_params` in millions,
    `max_gmacs` in 1e9. `arguments` are the options that all this was made from, as plain data.
    """

    run: RunRequest
    models: tuple[str, ...] = ()
    max_ms: float | None = None
    on: str | None = None
    infer_batch_size: int = 1
    license: str | None = None
    max_params: float | None = None
    max_gmacs: float | None = None
    shortlist: int | None = None
    budget: float | None = None
    max_download: float | None = None
    offline: bool = False
    plan: Path | None = None
    dry_run: bool = False
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, arguments: Mapping[str, Any], command: Sequence[str] = ()) -> PickRequest:
        """From a value for each option of a pick. Raises ZooError where two of them cannot both be meant."""
        if arguments["on"] is not None and arguments["max_ms"] is None:
            raise ZooError(
                "--on says where --max-ms is meant, which is missing", "give --max-ms 20, or drop --on", USAGE
            )
        if arguments["offline"] and arguments["max_download"]:
            raise ZooError("--offline fetches nothing, and --max-download something", "give one of them", USAGE)
        own = {name: arguments[name] for name in cls.__dataclass_fields__ if name in arguments}
        own |= {"models": tuple(part for part in arguments["models"].split(",") if part not in ("", ALL))}
        own |= {"plan": arguments["plan"] and Path(arguments["plan"])}  # which is a text where it comes from a file
        whole = {name: option.default for name, option in RUN.items()}
        whole |= {name: arguments[name] for name in RUN if name in arguments and name != "models"}
        if arguments["folds"] and arguments["seeds"] == SEEDS:  # nobody has asked for these: repeats take their place
            whole["seeds"] = 1
        run = RunRequest.of(whole, command)
        timing = replace(run.timing, batch_size=arguments["infer_batch_size"])
        plain = {name: _plain(arguments[name]) for name in PICK} | {"plugins": list(run.setup.plugins)}
        return cls(**own, run=replace(run, timing=timing), arguments=plain)

    @classmethod
    def from_json(cls, arguments: Mapping[str, Any]) -> PickRequest:
        """What `arguments` were, as they are kept. Raises ZooError for an option that this version does not have."""
        for name in arguments:
            if name not in PICK:
                raise ZooError(
                    f"this pick was begun with --{name}, which is unknown here", "use the version that began it"
                )
        return cls.of({name: option.default for name, option in PICK.items()} | dict(arguments))

    def size(self, device_type: str) -> int:
        """How many models are tried, at most."""
        return self.shortlist or (CPU_MODELS if device_type == "cpu" else MODELS)

    def limits(self, device_type: str, memory: float | None, licenses: frozenset[str] | None) -> Limits:
        """What is asked of a model before it is timed or tried."""
        from harness.picks.listing.candidates import Limits

        gmacs = CPU_GMACS if device_type == "cpu" else None
        own = self.run.setup.memory_limit
        return Limits(
            models=self.models,
            licenses=licenses,
            max_params=self.max_params,
            max_gmacs=gmacs if self.max_gmacs is None else self.max_gmacs,
            memory=memory if own is None else own * 2**20,
            batch_size=self.infer_batch_size,
        )


def _plain(value: Any) -> Any:
    """As JSON has it. A path is kept whole: a pick is gone on with from any folder."""
    if isinstance(value, Path):
        return str(value.absolute())
    return list(value) if isinstance(value, tuple) else value
