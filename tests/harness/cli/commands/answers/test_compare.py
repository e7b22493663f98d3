"""`harness compare`: what it says of two models and of two runs, what it refuses, and what it ends with."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main
from tests.results.runs import trial
from tests.results.samples import stored_run

QUICK, SLOW = (20.0, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6), (30.0, 30.1, 30.2, 30.3, 30.4, 30.5, 30.6)
NAMES = ("2026-11-20-leaves-aaaa", "2026-11-21-leaves-bbbb")


@pytest.fixture
def runs(tmp_path):
    """Of two runs, the later of which has a model that got worse and slower, and one as before."""
    models = [trial("mlp", wrong=range(100, 400), cpu_infer_step_time=QUICK)]
    stored_run(tmp_path, [trial("vit", wrong=range(50), cpu_infer_step_time=QUICK), *models], name=NAMES[0])
    stored_run(tmp_path, [trial("vit", wrong=range(90), cpu_infer_step_time=SLOW), *models], name=NAMES[1])
    return tmp_path


def said(capsys, runs, *arguments, code=0):
    assert main(["compare", *arguments, "--output", str(runs)]) == code
    return capsys.readouterr()


def test_two_models_are_told_apart_with_their_interval_p_counts_and_times(runs, capsys):
    lines = said(capsys, runs, "vit", "mlp", "--run", "aaaa").out.splitlines()
    assert lines == [
        "top-1 error  5.0 (3.8–6.8) vs 30.0 (27.2–32.9) %   "
        "difference −25.0 (−28.3 to −21.6) pp, p < 0.0001: vit is better",
        "same images: both right 650 · only vit 300 · only mlp 50 · both wrong 0",
        "CPU inference  20.3 vs 20.3 ms/batch   no difference",
    ]


def test_two_runs_are_a_row_a_model_and_a_sentence(runs, capsys):
    lines = said(capsys, runs, "aaaa", "bbbb").out.splitlines()
    assert lines[:2] == [f"A  {NAMES[0]}", f"B  {NAMES[1]}"]
    assert [line.split()[0] for line in lines[3:6]] == ["model", "vit", "mlp"]
    assert lines[4].endswith(" 1.49× (1.46–1.52)")
    assert lines[5].split()[-3:] == ["same", "answers", "same"]
    assert lines[7:] == [
        "B is beyond doubt worse: vit; slower: vit.",
        "Intervals and p hold for all 2 models together.",
    ]


def test_a_run_against_itself_says_no_difference(runs, capsys):
    out = said(capsys, runs, "aaaa", "aaaa", "--fail-if-slower", "0", "--fail-if-worse", "0").out
    assert out.endswith(
        "No difference: every answer and every time is the same.\nIntervals and p hold for all 2 models together.\n"
    )
    assert "no difference" in said(capsys, runs, "vit", "vit").out


@pytest.mark.parametrize(
    ("flags", "code", "last"),
    [
        (["--fail-if-slower", "60%"], 0, "Intervals"),
        (
            ["--fail-if-slower", "20%"],
            1,
            "slower: vit in 2026-11-21-leaves-bbbb, CPU inference 1.49× (1.46–1.52) slower, more than 20 %",
        ),
        (["--fail-if-slower", "20"], 1, "slower: vit in"),
        (["--fail-if-worse", "1"], 1, "worse: vit in 2026-11-21-leaves-bbbb by 4.0 (2."),
        (["--fail-if-worse", "4"], 0, "Intervals"),
    ],
)
def test_what_is_worse_or_slower_beyond_doubt_ends_with_1(runs, capsys, flags, code, last):
    lines = said(capsys, runs, "aaaa", "bbbb", *flags, code=code).out.splitlines()
    assert lines[-1].startswith(last)


def test_a_model_that_ended_well_before_and_does_not_now_is_a_failure(runs, capsys):
    name = "2026-11-22-leaves-cccc"
    stored_run(runs, [trial("vit", wrong=range(50)), trial("mlp", status="oom", cause="no room")], name=name)
    out = said(capsys, runs, "aaaa", "cccc", "--fail-if-slower", "50", code=1).out
    assert out.endswith(f"gone: mlp: in {name} FAIL:no room\n")


def test_what_is_not_comparable_is_refused_until_it_is_forced(runs, capsys):
    stored_run(runs, [trial("vit", machine={"torch": "2.6.0"})], name="2026-11-22-leaves-cccc")
    err = said(capsys, runs, "aaaa", "cccc", code=2).err
    assert err.splitlines() == [
        "error: these are not comparable, they differ in torch (2.15.0, 2.6.0)",
        "  compare them all the same with --force",
    ]
    out = said(capsys, runs, "aaaa", "cccc", "--force").out
    assert out.startswith("not comparable, and compared all the same: they differ in torch (2.15.0, 2.6.0)\nA  ")


def test_several_seeds_are_counted_as_means_and_first_steps_are_no_times(tmp_path, capsys):
    seeds = [trial("vit", seed, wrong=range(seed), cpu_infer_first_step_time=(90.0,)) for seed in (1, 2, 4)]
    stored_run(tmp_path, [*seeds, trial("mlp", 1, wrong=range(4), cpu_infer_first_step_time=(80.0,))])
    lines = said(capsys, tmp_path, "vit", "mlp").out.splitlines()
    assert lines[1:] == [
        "same images (means over 3 seeds and 1 seed): both right 996.0 · only vit 1.7 · only mlp 0.0 · both wrong 2.3"
    ]


def test_what_differs_and_forbids_nothing_is_said_once_and_a_time_that_is_unknown_so(runs, capsys):
    name, wild = "2026-11-22-leaves-cccc", {"cpu_infer_step_time": (1.0, 20.0, 400.0)}
    others = [trial(model, facts={"weights": "DEFAULT"}, **wild) for model in ("vit", "mlp")]
    stored_run(runs, others, name=name)
    lines = said(capsys, runs, "aaaa", "cccc").out.splitlines()
    assert lines[4].endswith("0.99× (?)")
    assert lines[-2:] == [
        "(?): the interval reaches beyond ten times the ratio.",
        "note: A and B differ in weights (none, DEFAULT): vit and mlp",
    ]


def test_times_that_were_disturbed_are_named(runs, capsys):
    noisy = trial("vit", wrong=range(50), facts={"timing_verdict": "noisy"}, cpu_infer_step_time=SLOW)
    stored_run(runs, [noisy, trial("mlp", cpu_infer_step_time=QUICK)], name="2026-11-22-leaves-cccc")
    note = "note: noisy timings, so trust no small difference in time: vit"
    assert said(capsys, runs, "vit", "mlp").out.splitlines()[-1] == note
    assert note in said(capsys, runs, "aaaa", "cccc").out.splitlines()


def test_as_json_it_says_the_same_in_figures(runs, capsys):
    found = json.loads(said(capsys, runs, "vit", "mlp", "--run", "aaaa", "--json").out)
    assert (found["first"], found["second"], found["failures"]) == ("vit", "mlp", [])
    [pair] = found["pairs"]
    assert (pair["error"]["difference"], pair["error"]["significant"]) == (-25.0, True)
    assert pair["times"] == {"cpu_infer_step_time": {"value": 1.0, "low": 1.0, "high": 1.0}}


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["vit"], 2, "the following arguments are required: B", "see: harness compare --help"),
        (["vit", "mpl"], 2, "run 2026-11-21-leaves-bbbb has no model 'mpl'. Did you mean mlp?", "its models: mlp, vit"),
        (
            ["vit", "mlp", "--run", "zzzz"],
            4,
            "zzzz is not the folder of a run, nor the id of one in",
            "there are: 2026-",
        ),
        (["vit", "mlp", "--fail-if-slower", "x%"], 2, "argument --fail-if-slower: ", "see: harness compare --help"),
        (["vit", "mlp", "--fail-if-worse", "-1"], 2, "argument --fail-if-worse: ", "see: harness compare --help"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(runs, capsys, arguments, code, cause, remedy):
    lines = said(capsys, runs, *arguments, code=code).err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")
