"""Which plugins and weights a run may go on with: those of the records that its rows would be put together with."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.runs.content import UNKNOWN, Content, require_same_content
from results.records import Record
from results.store.run_store import RunStore
from zoo.errors import ZooError
from zoo.weights import Weights

BEGAN, EDITED = {"net.py": "1a"}, {"net.py": "2b"}


def planned(model, seed=1, weights=None):
    train = TrainConfig(weights=weights)
    trial = Trial(model=model, dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=seed)
    return SimpleNamespace(trial=trial, choice=SimpleNamespace(owner="net", spec=None))


def record(model, seed=1, status="ok", files=BEGAN):
    trial = planned(model, seed).trial
    plugin = {"name": "net", "files": files}
    return Record(
        key=trial.key, model=model, dataset="digits", seed=seed, device="cpu", status=status, trial={}, plugin=plugin
    )


def store_of(folder, *records, content=True):
    began = {"content": Content(plugins={"net": BEGAN}).as_json()} if content else {}
    store = RunStore.create(folder, "digits", began)
    for one in records:
        store.save(one)
    return store


NOW = Content(plugins={"net": EDITED})


def test_a_plugin_that_was_edited_is_refused_before_any_of_its_trials_has_a_record(tmp_path):
    with pytest.raises(ZooError, match=r"the plugin net, which has mine/a, is not what it was .*: net\.py 1a -> 2b"):
        require_same_content(store_of(tmp_path), [planned("mine/a")], NOW)


def test_an_edited_plugin_does_not_matter_to_a_run_with_nothing_left_to_do(tmp_path):
    assert require_same_content(store_of(tmp_path, record("mine/a")), [], NOW) == []


def test_a_mended_plugin_is_taken_for_a_model_that_is_tried_again_and_that_is_said(tmp_path):
    store = store_of(tmp_path, record("mine/a"), record("mine/b", status="failed"))
    store.retire(next(one for one in store.records() if one.model == "mine/b"))
    notes = require_same_content(store, [planned("mine/b")], NOW)
    assert notes == ["mine/b: its plugin net has changed since the run began: net.py"]


def test_a_mended_plugin_is_refused_where_another_seed_of_the_model_is_kept(tmp_path):
    store = store_of(tmp_path, record("mine/b", 1), record("mine/b", 2, status="failed"))
    store.retire(next(one for one in store.records() if one.seed == 2))
    with pytest.raises(ZooError, match="is not what it was in the run"):
        require_same_content(store, [planned("mine/b", 2)], NOW)


def test_a_run_goes_on_with_the_plugin_that_its_retried_records_were_made_with(tmp_path):
    store = store_of(tmp_path, record("mine/b", 1, files=EDITED))
    assert require_same_content(store, [planned("mine/b", 2)], NOW) == []


def test_a_model_of_a_plugin_that_the_run_did_not_use_is_refused(tmp_path):
    other = planned("mine/a")
    other.choice.owner = "stranger"
    with pytest.raises(ZooError, match="mine/a comes from the plugin stranger, which the run did not use"):
        require_same_content(store_of(tmp_path), [other], Content(plugins={"stranger": BEGAN}))


def test_a_run_of_before_goes_on_with_a_note(tmp_path):
    assert require_same_content(store_of(tmp_path, content=False), [planned("mine/a")], NOW) == [UNKNOWN]


@pytest.mark.parametrize("now", ["other", None])
def test_weights_that_were_replaced_or_are_gone_are_refused(tmp_path, now):
    file = tmp_path / "net.safetensors"
    weights = Weights(path=str(file))
    then = {str(weights): hashlib.sha256(b"weights").hexdigest()}
    store = RunStore.create(tmp_path, "digits", {"content": {"plugins": {"net": BEGAN}, "weights": then}})
    if now:
        file.write_text(now)
    item = planned("mine/a", weights=weights)
    found = Content.of([item], SimpleNamespace(content=lambda owner: BEGAN))
    with pytest.raises(ZooError, match="the weights are not those of the run" if now else "no weights file"):
        require_same_content(store, [item], found)
    file.write_text("weights")
    same = replace(found, weights=Content.of([item], SimpleNamespace(content=lambda owner: BEGAN)).weights)
    assert require_same_content(store, [item], same) == []
