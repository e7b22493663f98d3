"""What a run is made of, by content: its plugins' files and its weights' files, and whether they are what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.plan.changes import refuse_changes
from zoo.errors import ZooError
from zoo.manager.content import changed_files
from zoo.weights import sha256_of

if TYPE_CHECKING:
    from harness.plan.trials import Planned
    from results.store.run_store import RunStore
    from zoo.discovery import Zoo
    from zoo.weights import Weights

RESTORE = "restore what it was, or start a new run: python -m harness run"
UNKNOWN = "this run was begun by an earlier version: whether plugins and weights are what they were, nobody can tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """SHA-256 of each file of each plugin that a run takes models from, and of each weights file, by its text."""

    plugins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, planned: Sequence[Planned], zoo: Zoo) -> Content:
        """As it is now; a weights file that is not there has the hash ""."""
        owners = sorted({item.choice.owner for item in planned})
        files = {str(weights): weights.file for weights in map(_weights_of, planned) if weights is not None}
        return cls(
            plugins={owner: zoo.content(owner) for owner in owners},
            weights={text: sha256_of(file) if file.is_file() else "" for text, file in files.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data, for `run.json`."""
        return asdict(self)


def require_same_content(store: RunStore, to_do: Sequence[Planned], now: Content) -> list[str]:
    """What a person should know of the content that the trials `to_do` are to be carried out with, a line each.

    Raises ZooError where it is not that of the run: a model's row would be the mean of two models. A model of which
    no record is kept, because its trials are tried again, may have been mended meanwhile.
    """
    then = store.configuration.get("content")
    kept = {record.model: record.plugin["files"] for record in store.records() if "files" in record.plugin}
    notes = [] if then or not to_do else [UNKNOWN]
    for model, owner in {item.trial.model: item.choice.owner for item in to_do}.items():
        files = now.plugins[owner]
        if model in kept:
            _refuse(kept[model], files, model, owner)
        elif then and store.was_retried(model):
            changed = changed_files(then["plugins"].get(owner, {}), files)
            if changed:
                notes.append(f"{model}: its plugin {owner} has changed since the run began: {', '.join(changed)}")
        elif then:
            _refuse(then["plugins"].get(owner), files, model, owner)
    for item in to_do:
        if weights := _weights_of(item):
            weights.require(item.choice.spec)  # which tells what is wrong with a file that is gone
            if then:
                text = str(weights)
                before, after = ({text: hashes.get(text)} for hashes in (then["weights"], now.weights))
                refuse_changes(before, after, "the weights are not those of the run", RESTORE)
    return notes


def _weights_of(item: Planned) -> Weights | None:
    """The weights file of a trial that starts from one."""
    weights = item.trial.train.weights
    return weights if weights is not None and weights.path else None


def _refuse(then: Mapping[str, str] | None, now: Mapping[str, str], model: str, owner: str) -> None:
    if then is None:
        raise ZooError(f"{model} comes from the plugin {owner}, which the run did not use", RESTORE)
    refuse_changes(then, now, f"the plugin {owner}, which has {model}, is not what it was in the run", RESTORE)
