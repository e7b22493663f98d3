"""What a probe's process says is believed as far as it fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.picks.probes.result import ProbeResult, read_result
from harness.picks.probes.store import probe_path, read_probe, write_probe

SCORES = np.array([[0.1, 0.7], [0.9, 0.3], [0.2, 0.4]], dtype=np.float32)
GOOD = ProbeResult(
    model="mine/tiny",
    stage=1,
    status="ok",
    seconds={"fit": 0.5},
    facts={"c": 0.1},
    predictions_N=SCORES.argmax(1),
    scores_NK=SCORES,
)
FAILED = ProbeResult(model="mine/tiny", stage=1, status="failed", error="it broke", phase="fit", log="a\nb")


def read(words, arrays):
    return read_result(words, arrays, num_images=3, num_classes=2)


@pytest.mark.parametrize(
    ("words", "arrays", "problem"),
    [
        ({"status": "fine"}, {}, "its words are no text"),
        ({"seconds": {"fit": "long"}}, {}, "its seconds are no numbers"),
        ({"facts": {"c": [1]}}, {}, "its facts are neither numbers nor words"),
        ({"status": "failed"}, {}, "it is failed and does not say why"),
        ({"status": "failed", "error": "why"}, {}, "it is failed and has predictions"),
        ({}, {"predictions": np.array([1, 0])}, r"its predictions are \[2\] of int64"),
        ({}, {"predictions": np.array([1.0, 0.0, 1.0])}, r"its predictions are \[3\] of float64"),
        ({}, {"predictions": np.array([1, 0, 2])}, "of classes that do not exist"),
        ({}, {"predictions": np.array([1, 1, 1])}, "its predictions are not those of its scores"),
        ({}, {"scores": SCORES[:2]}, r"its scores are \[2, 2\]"),
        ({"facts": None}, {}, "it is no result of a probe"),
    ],
)
def test_what_does_not_fit_is_refused(words, arrays, problem):
    own = {"predictions": GOOD.predictions_N, "scores": GOOD.scores_NK}
    with pytest.raises(ValueError, match=problem):
        read(GOOD.words | words, own | arrays)


@pytest.mark.parametrize("result", [GOOD, FAILED, replace(GOOD, scores_NK=None)], ids=["ok", "failed", "many classes"])
def test_what_is_kept_is_read_again(result, tmp_path):
    write_probe(tmp_path, result, "abc")
    kept = read_probe(tmp_path, "mine/tiny", 1, "abc", num_images=3, num_classes=2)
    assert kept.words == result.words
    assert np.array_equal(kept.correct([1, 0, 0]), result.correct([1, 0, 0]))
    assert read_probe(tmp_path, "mine/tiny", 2, "abc", num_images=3, num_classes=2) is None
    assert read_probe(tmp_path, "mine/tiny", 1, "other", num_images=3, num_classes=2) is None
    assert [path.name for path in tmp_path.iterdir()] == [probe_path(tmp_path, "mine/tiny", 1).name]
