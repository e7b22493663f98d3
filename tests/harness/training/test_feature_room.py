"""Features ask for room; where there is none the plain path runs, with a word, and nothing that was trained is lost."""

from __future__ import annotations

import pytest
import torch

from harness.data.batches import room
from harness.training.feature_store import FeatureStore
from harness.training.features import Extractor
from harness.training.finetune import prepare
from tests.harness.tiny import config
from tests.harness.training.test_finetune import built, splits, trained


@pytest.fixture(scope="module")
def exact():
    model, data = built("squeezenet1_1")
    return trained(model, data, exact=True)


def no_room(monkeypatch):
    monkeypatch.setattr(room, "free_memory", lambda: 2 * 5000)


def out_of_memory(monkeypatch):
    whole = Extractor._extract

    def extract(self, batches, num_images):
        if num_images == 12:  # those to validate on: the training images' features are kept by then
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return whole(self, batches, num_images)

    monkeypatch.setattr(Extractor, "_extract", extract)


@pytest.mark.parametrize("shortage", [no_room, out_of_memory])
def test_without_room_the_plain_path_runs_and_says_so(monkeypatch, shortage, exact):
    shortage(monkeypatch)
    model, data = built("squeezenet1_1")
    said, store = [], FeatureStore()
    setup = prepare(model, data, config(finetune="head", batch_size=8), store, said.append)
    assert (setup.train, setup.val, store.kept) == (data.train, data.val, {})
    assert len(said) == 1
    assert said[0].startswith("its features are not kept but computed anew in each epoch: ")
    _, history, outputs = trained(model, data, store)
    expected = pytest.approx([row["train_loss"] for row in exact[1].rows], rel=1e-5)
    assert [row["train_loss"] for row in history.rows] == expected
    assert torch.allclose(outputs, exact[2], atol=1e-6)


def test_memory_that_runs_out_on_the_test_images_costs_no_training(monkeypatch, exact):
    model, data = built("squeezenet1_1")
    said = []
    setup = prepare(model, data, config(finetune="head", batch_size=8), FeatureStore(), said.append)

    def extract(self, batches, num_images):
        raise MemoryError

    monkeypatch.setattr(Extractor, "_extract", extract)
    assert setup.train is not data.train
    assert setup.test() is data.test
    assert said == [
        "its features are not kept but computed batch by batch for the test images: "
        "memory ran out while they were computed"
    ]
    images, _ = next(data.test.eval())
    assert setup.trainable.forward(images).shape == (len(images), 3)


def test_any_other_error_is_none_of_room(monkeypatch):
    monkeypatch.setattr(Extractor, "_extract", lambda *_: 1 / 0)
    model, data = built("squeezenet1_1")
    with pytest.raises(ZeroDivisionError):
        prepare(model, data, config(finetune="head"), FeatureStore())


def test_features_of_all_splits_are_asked_for_at_once():
    model, _ = built("squeezenet1_1")
    data = splits(64)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.training.features.require_room", lambda rows, num_rows: asked.append(num_rows))
        prepare(model, data, config(finetune="head"), FeatureStore()).test()
    assert asked == [48, 48, 48]
