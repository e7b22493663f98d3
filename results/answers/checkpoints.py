"""Which trained model is meant: a folder, `RUN/MODEL`, `RUN/MODEL@s2`, or a model of the latest run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from results.answers.asked import NO_DATA, Unanswerable, no_model, some
from results.errors import StoreError
from results.records import Record
from results.sanitize import plain
from results.store.file_names import CARD_FILE, slug, trial_slug
from results.store.run_store import RUN_FILE, RunStore

FOLDER = "checkpoints"
SEEDED = re.compile(r"(.+)@s(\d{1,19})(?:f(\d{1,4}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A folder with a trained model; where it lies in a run, which, the record of its trial, and the model's seeds."""

    folder: Path
    run: str = ""
    record: Record | None = None
    seeds: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """`mlp, seed 1 of 1 and 2, run 2026-11-26-digits-7825`, with the fold where there are folds.

        The folder where it lies in no run.
        """
        if self.record is None:
            return plain(self.folder)
        *others, last = map(str, self.seeds or (self.record.seed,))
        of = f" of {', '.join(others)} and {last}" if others else ""
        fold = f", fold {self.record.fold} of {self.record.folds}" if self.record.fold else ""
        return f"{plain(self.record.model)}, seed {self.record.seed}{of}{fold}, run {plain(self.run)}"


def find_checkpoint(text: str, output: Path) -> Checkpoint:
    """The checkpoint that `text` names, where runs lie in `output`; of several seeds the first that has one.

    Raises StoreError, which says what there is. Whether the folder is a whole checkpoint is for its reader to say.
    """
    given = Path(text)
    folder = given.parent if given.is_file() else given  # its weights or its card, as a shell completes them
    if (folder / CARD_FILE).is_file() or (folder.is_dir() and folder.resolve().parent.name == FOLDER):
        return _of_folder(folder)
    for store, name in _readings(text, output):
        records = store.records()
        if meant := _meant(name, {record.model for record in records}):
            return _of_trial(store, records, *meant)
    raise _refusal(text, output)


def _of_folder(folder: Path) -> Checkpoint:
    """Within a run the record beside it says the rest; a folder that was copied elsewhere stands for itself."""
    run = folder.resolve().parent.parent
    if folder.resolve().parent.name != FOLDER or not (run / RUN_FILE).is_file():
        return Checkpoint(folder=folder)
    name = folder.resolve().name
    named = [one for one in RunStore.open(run).records() if trial_slug(one.model, one.seed, one.fold) == name]
    return Checkpoint(folder=folder, run=run.name, record=named[0]) if named else Checkpoint(folder=folder)


def _readings(text: str, output: Path) -> Iterator[tuple[RunStore, str]]:
    """Runs that may be meant, each with what is then the name of a model: names of both may have slashes."""
    with suppress(StoreError):
        yield RunStore.find(None, output), text
    yield from _in_named_runs(text, output)


def _in_named_runs(text: str, output: Path) -> Iterator[tuple[RunStore, str]]:
    for slash in reversed([match.start() for match in re.finditer("/", text) if match.start()]):
        with suppress(StoreError):
            yield RunStore.find(text[:slash], output), text[slash + 1 :].rstrip("/")


def _meant(name: str, models: Collection[str]) -> tuple[str, int | None, int | None] | None:
    """Model, seed and fold, where the run has such a model; a name may also be written as in the names of files."""
    by_name = {slug(model): model for model in models} | {model: model for model in models}
    if name in by_name:
        return by_name[name], None, None
    seeded = SEEDED.fullmatch(name)
    if not seeded or seeded[1] not in by_name:
        return None
    return by_name[seeded[1]], int(seeded[2]), int(seeded[3]) if seeded[3] else None


def _of_trial(store: RunStore, records: Sequence[Record], model: str, seed: int | None, fold: int | None) -> Checkpoint:
    own = sorted((record for record in records if record.model == model), key=lambda one: (one.seed, one.fold or 0))
    folders = [store.path / FOLDER / trial_slug(model, record.seed, record.fold) for record in own]
    kept = [(record, folder) for record, folder in zip(own, folders, strict=True) if folder.is_dir()]
    run, seeds = _name(store), tuple(dict.fromkeys(record.seed for record, _ in kept))
    _require_named(own, run, seed, fold)
    chosen = [pair for pair in kept if seed in (None, pair[0].seed) and fold in (None, pair[0].fold)]
    if not chosen:
        what = plain(model) if seed is None else f"{plain(model)}, seed {seed},"
        remedy = f"carry it out again: harness retry {plain(run)} --failed"
        raise Unanswerable(f"{what} has left no checkpoint in run {plain(run)}", remedy, NO_DATA)
    record, folder = chosen[0]
    return Checkpoint(folder=folder, run=run, record=record, seeds=seeds)


def _require_named(own: Sequence[Record], run: str, seed: int | None, fold: int | None) -> None:
    """Raise Unanswerable for a seed or a fold that the run does not have of the model."""
    seeds, folds = dict.fromkeys(record.seed for record in own), dict.fromkeys(record.fold for record in own)
    for what, wanted, there in (("seed", seed, list(seeds)), ("fold", fold, [one for one in folds if one])):
        if wanted is not None and wanted not in there:
            cause = f"run {plain(run)} has no {what} {wanted} of {plain(own[0].model)}"
            raise Unanswerable(cause, f"its {what}s: {', '.join(map(str, there)) or 'none'}")


def _refusal(text: str, output: Path) -> StoreError:
    """Why nothing is meant: a run without a model or with another, a folder that is none, or an unknown name."""
    for run, name in _in_named_runs(f"{text.rstrip('/')}/", output):
        if not name:
            remedy = f"name one of its models, as RUN/MODEL: {some(_models(run))}"
            return Unanswerable(f"{plain(text)} is a run, and it is not said which model of it", remedy)
        return no_model(_without_seed(name), _models(run), _name(run))
    if Path(text).is_dir():
        remedy = "give a folder checkpoints/MODEL@s1 of a run, or RUN/MODEL"
        return Unanswerable(f"{plain(text)} is no checkpoint: it has no {CARD_FILE}", remedy, NO_DATA)
    try:
        latest = RunStore.find(None, output)
        if "/" in text and not get_close_matches(text, _models(latest), 1):
            RunStore.find(text.rpartition("/")[0] or "/", output)  # raises, and says which runs there are
    except StoreError as error:
        return error
    return no_model(_without_seed(text), _models(latest), _name(latest))


def _without_seed(name: str) -> str:
    seeded = SEEDED.fullmatch(name)
    return seeded[1] if seeded else name


def _models(run: RunStore) -> set[str]:
    return {record.model for record in run.records()}


def _name(run: RunStore) -> str:
    return run.path.resolve().name
