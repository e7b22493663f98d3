"""Features that processes share through files: computed once, whole or not there, never in anyone's way."""

from __future__ import annotations

import pytest
import torch

from harness.training.feature_store import FeatureStore

COMPUTED = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.arange(5)


def forbidden():
    raise AssertionError("computed again")


def same(ours, theirs):
    return all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_a_store_computes_a_key_once():
    store = FeatureStore()
    assert same(store.get("key", lambda: COMPUTED), COMPUTED)
    assert same(store.get("key", forbidden), COMPUTED)


def test_another_process_finds_in_the_folder_what_the_first_one_computed(tmp_path):
    FeatureStore(tmp_path / "new").get("a key/with: anything", lambda: COMPUTED)
    assert same(FeatureStore(tmp_path / "new").get("a key/with: anything", forbidden), COMPUTED)
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".safetensors"]


def test_another_key_finds_nothing(tmp_path):
    FeatureStore(tmp_path).get("one", lambda: COMPUTED)
    with pytest.raises(AssertionError, match="computed again"):
        FeatureStore(tmp_path).get("other", forbidden)


def test_a_torn_file_is_computed_again_and_replaced(tmp_path):
    FeatureStore(tmp_path).get("key", lambda: COMPUTED)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-8])
    assert same(FeatureStore(tmp_path).get("key", lambda: COMPUTED), COMPUTED)
    assert same(FeatureStore(tmp_path).get("key", forbidden), COMPUTED)


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_sharing(tmp_path):
    (tmp_path / "file").touch()
    said = []
    store = FeatureStore(tmp_path / "file" / "below", note=said.append)
    assert same(store.get("key", lambda: COMPUTED), COMPUTED)
    assert said == ["its features cannot be kept for other trials, which compute them again: Not a directory"]


def test_found_features_can_be_trained_on(tmp_path):
    FeatureStore(tmp_path).get("key", lambda: COMPUTED)
    features, _ = FeatureStore(tmp_path).get("key", forbidden)
    head = torch.nn.Linear(3, 2)
    head(features).sum().backward()
    assert torch.allclose(head.weight.grad, COMPUTED[0].sum(0).expand(2, 3))
