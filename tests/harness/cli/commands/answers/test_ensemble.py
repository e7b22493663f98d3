"""`harness ensemble`: its lines, its figures as JSON, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.cli.main import main
from tests.results.runs import predictions, trial
from tests.results.samples import stored_run

NAME = "2026-11-20-leaves-aaaa"


def member(model, seed=1, wrong=range(0), val_wrong=None, **options):
    record, arrays = trial(model, seed, wrong=wrong, **options)
    kept = predictions(val_wrong) if val_wrong is not None else {}
    return record, arrays | {f"val_{name}": array for name, array in kept.items()}


@pytest.fixture
def runs(tmp_path):
    """Three models, each of which misses images that the two others do not; one of before, without validation."""
    times = {"cpu_infer_step_time": (2.0,) * 7, "facts": {"timing_verdict": "noisy"}}
    wrong = {"vit": range(50), "mlp": range(50, 150), "gru": range(150, 300)}
    own = [member(name, wrong=missed, val_wrong=missed, **times) for name, missed in wrong.items()]
    stored_run(tmp_path, [*own, member("old", wrong=range(9))], name=NAME)
    return tmp_path


def said(capsys, runs, *arguments, code=0):
    assert main(["ensemble", *arguments, "--output", str(runs)]) == code
    return capsys.readouterr()


def test_of_three_there_are_errors_a_comparison_and_a_sum_of_times(runs, capsys):
    assert said(capsys, runs, "vit", "mlp", "gru").out.splitlines() == [
        "one ensemble of vit, mlp and gru: the mean of their class probabilities",
        "",
        "              top-1 err % (95 %)",
        "the ensemble    0.00 (0.00–0.38)",
        "vit                5.0 (3.8–6.9)",
        "mlp              10.0 (8.3–12.0)",
        "gru             15.0 (12.9–17.3)",
        "",
        "against vit, its best member: difference −5.0 (−6.4 to −3.6) pp, p < 0.0001: the ensemble is better",
        "same images: both right 950 · only the ensemble 50 · only vit 0 · both wrong 0",
        "CPU inference  6.00 ms/batch of 32: the sum of its members' medians (2.00 + 2.00 + 2.00), not measured as one",
        "the timing of vit, mlp and gru was noisy: time it again",
    ]


def test_a_search_says_on_what_and_how_it_chose_and_judges_that_on_test(runs, capsys):
    lines = said(capsys, runs, "vit", "mlp", "gru", "--search", "3").out.splitlines()
    assert lines[:2] == [
        "chosen on 1,000 validation images from 3 models, at most 3: vit (5.0 %), then mlp (0.0 %)",
        "one ensemble of vit and mlp: the mean of their class probabilities",
    ]
    assert lines[4].split()[2] == "0.00"


def test_a_search_that_finds_no_help_says_so(tmp_path, capsys):
    stored_run(tmp_path, [member(name, wrong=range(9), val_wrong=range(9)) for name in ("a", "b")])
    lines = said(capsys, tmp_path, "--search", "2").out.splitlines()
    assert lines[0].endswith("from 2 models, at most 2: a (0.9 %)")
    assert lines[1:3] == ["no model that is added to it makes fewer errors there, so it stays alone", "a alone, 1 seed"]
    assert lines[3:] == ["", "   top-1 err % (95 %)", "a    0.90 (0.47–1.70)"]


def test_a_model_with_itself_gives_its_own_answers(runs, capsys):
    lines = said(capsys, runs, "mlp", "mlp").out.splitlines()
    assert lines[3].split()[2:] == lines[4].split()[1:]
    assert "the ensemble is right on the very images on which mlp, its best member, is" in lines


def test_seeds_of_one_model_are_one_ensemble_and_of_several_one_a_seed(tmp_path, capsys):
    stored_run(tmp_path, [member(name, seed, range(seed)) for name in ("a", "b") for seed in (1, 2, 4)])
    lines = said(capsys, tmp_path, "a").out.splitlines()
    assert lines[0] == "one ensemble of a: the mean of the class probabilities of its 3 seeds"
    assert [line.split()[:3] for line in lines[4:7]] == [["a", "seed", seed] for seed in "124"]
    lines = said(capsys, tmp_path, "a", "b").out.splitlines()
    assert lines[0] == "3 ensembles of a and b, one a seed (1, 2 and 4): the mean of their class probabilities"


def test_where_the_best_five_classes_were_kept_it_says_that_it_is_not_exact(tmp_path, capsys):
    trials = []
    for name in ("a", "b"):
        record, _ = trial(name, data={"classes": [str(n) for n in range(200)], "num_test": 4})
        best = np.log(np.tile([0.5, 0.2, 0.1, 0.1, 0.05], (4, 1)).astype(np.float32))
        index = np.tile(np.arange(5), (4, 1))
        trials.append((record, {"labels": np.zeros(4, int), "top5_index": index, "top5_log_prob": best}))
    stored_run(tmp_path, trials)
    line = said(capsys, tmp_path, "a", "b").out.splitlines()[1]
    assert line.startswith("not exact: of each image only the best 5 classes of a trial were kept")
    assert line.endswith("for 0.0 % of the images the best class may be another one")


def test_as_json_it_says_the_same_in_figures(runs, capsys):
    found = json.loads(said(capsys, runs, "vit", "mlp", "gru", "--json").out)
    assert [one["name"] for one in found["members"]] == ["vit", "mlp", "gru"]
    assert (found["top1_err"]["mean"], found["members"][1]["top1_err"]["mean"]) == (0.0, pytest.approx(10.0))
    assert (found["best_member"], found["against_best"]["difference"]) == ("vit", -5.0)
    assert (found["sum_of_step_times"], found["search"]) == ({"cpu_infer_step_time": 6.0}, None)


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        ([], 2, "no model was named", "name several, or let them be chosen: harness ensemble --search 3"),
        (["vit"], 2, "vit alone is no ensemble: the run has one trained seed of it", "name several models, or train"),
        (["vit", "mpl"], 2, f"run {NAME} has no model 'mpl'. Did you mean mlp?", "its models: gru, mlp, old, vit"),
        (
            ["--search", "2"],
            3,
            "no validation predictions were kept of old: runs of before have none",
            "run them again",
        ),
        (["vit", "--search", "1"], 2, "argument --search: 1 is out of range: at least 2", "see: harness ensemble"),
        (["vit", "mlp", "--run", "zzzz"], 4, "zzzz is not the folder of a run", "there are: 2026-"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(runs, capsys, arguments, code, cause, remedy):
    lines = said(capsys, runs, *arguments, code=code).err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")


def test_of_a_model_that_failed_nothing_can_be_averaged(runs, capsys):
    stored_run(runs, [member("a"), member("b", status="oom", cause="no room")], name="2026-11-21-leaves-bbbb")
    lines = said(capsys, runs, "a", "b", code=3).err.splitlines()
    assert lines == [
        "error: no trial of b ended well: FAIL:no room",
        "  carry it out again: harness retry 2026-11-21-leaves-bbbb --failed",
    ]


def test_of_a_run_in_which_nothing_ended_well_nothing_can_be_chosen(tmp_path, capsys):
    stored_run(tmp_path, [member("b", status="oom", cause="no room")], name=NAME)
    lines = said(capsys, tmp_path, "--search", "2", code=3).err.splitlines()
    assert lines == [f"error: no trial of {NAME} ended well", "  see what went wrong: harness table"]
