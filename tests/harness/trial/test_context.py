from __future__ import annotations

import torch

from harness.training.feature_store import FeatureStore
from harness.trial.context import Notes, TrialContext
from tests.harness.tiny import CPU
from zoo.manager import switches


def test_a_note_is_said_once_and_kept_for_the_record():
    said = []
    notes = Notes(say=said.append)
    assert notes.facts == {}
    for text in ("one", "two", "one"):
        notes.add(text)
    assert (said, notes.facts) == (["one", "two"], {"notes": "one; two"})


def test_switches_are_put_back_to_what_they_were_when_the_context_was_made():
    with switches.kept():
        context = TrialContext(dataset=None, device=CPU, timed_on=(), features=FeatureStore())
        context.put_switches_back("before")
        torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
        context.put_switches_back("as it was built")
        assert context.switches == switches.read()
    assert context.notes.kept == ["its code changed torch.backends.cudnn.benchmark as it was built: put back"]
