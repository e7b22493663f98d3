"""What Python gets of a run that ended, one trial of which failed."""

from __future__ import annotations

import harness
from tests.faults.runs import PLUGIN


def test_a_failed_trial_is_told_and_raises_nothing(tmp_path, capsys):
    quick = {"device": "cpu", "epochs": 1, "time_budget": 0, "quiet": True}
    run = harness.run(["good/tiny", "bad/segfault"], plugins=PLUGIN, output=tmp_path, **quick)
    (failure,) = run.failed
    assert capsys.readouterr().out == ""
    assert (run.ok, run.exit_code) == (False, 1)
    assert (failure.model, failure.seed, failure.status) == ("bad/segfault", 1, "failed")
    assert failure.cause == "crashed with SIGSEGV"
    assert "Segmentation fault" in failure.log.read_text()
    assert run.sentence == "good/tiny is the only model that was ranked."
    assert list(run.table["model"]) == ["good/tiny", "bad/segfault"]
    assert all(path.is_file() and path.parent == run.path for path in (run.table_md, run.table_csv, run.report_html))
    assert list(run.checkpoints) == [("good/tiny", 1)]
    assert not harness.load(run.checkpoints["good/tiny", 1], plugins=[str(PLUGIN)]).training
    assert repr(run) == f"<Run {run.path}: 2 trials, 1 failed. {run.sentence}>"
    assert "bad/segfault seed 1 failed: crashed with SIGSEGV" in run._repr_html_()
