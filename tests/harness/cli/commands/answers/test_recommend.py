"""`harness recommend`: its sentences, word by word, and what it ends with."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main
from tests.results.answers.test_recommend import around, model
from tests.results.runs import trial
from tests.results.samples import stored_run


@pytest.fixture
def runs(tmp_path):
    stored_run(
        tmp_path, [model("huge", 20, 100, 80), model("big", 80, 30, 25), model("small", 84, 10), model("tiny", 400, 1)]
    )
    return tmp_path


def said(capsys, runs, *arguments, code=0):
    assert main(["recommend", *arguments, "--output", str(runs)]) == code
    return capsys.readouterr().out.splitlines()


def test_a_cheaper_one_is_taken_with_what_it_may_cost_and_what_just_missed(runs, capsys):
    assert said(capsys, runs, "--max-ms", "50", "--on", "cpu", "--batch-size", "32") == [
        "take small: 8.4 (6.8–10.3) % at 10.0 ms/batch of 32 on CPU; "
        "the cheapest of 2 that may be as good as big, the best of 3 that fit",
        "against big (8.0 %, 30.0 ms): +0.40 (−0.08 to +0.88) pp, tied, within 1 pp",
        "just over: huge at 100 ms/batch would cut the error by 6.4 (4.5–8.3) pp",
    ]


def test_the_best_that_fits_is_taken_where_nothing_cheaper_may_be_as_good(runs, capsys):
    assert said(capsys, runs, "--max-params", "30", "--max-ms", "9") == [
        "take tiny: 40.0 (37.0–43.1) % at 1.00 ms/batch of 32 on CPU; the only one that fits",
        "just over: small at 10.0 ms/batch would cut the error by 31.6 (27.9–35.2) pp",
        "just over: big at 30.0 ms/batch would cut the error by 32.0 (28.1–35.7) pp",
        "just over: huge at 100 ms/batch and 80.0 M parameters would cut the error by 38.0 (33.9–42.0) pp",
    ]


def test_without_limits_it_is_the_cheapest_that_may_be_the_best(runs, capsys):
    [line] = said(capsys, runs)
    assert line.endswith("; the lowest error of 4, and nothing cheaper may be as good")


def test_a_time_that_straddles_the_limit_is_said_to(runs, capsys):
    line = said(capsys, runs, "--max-ms", "10.2")[-1]
    expected = (
        "small straddles the limit of 10.2 ms: 10.0 (9.50–10.5) ms, which another measurement may put on its other side"
    )
    assert line == expected


def test_where_nothing_fits_the_nearest_are_named_and_it_ends_with_1(runs, capsys):
    lines = said(capsys, runs, "--max-ms", "0.5", code=1)
    assert lines[0] == "nothing of 4 models fits the limit of 0.500 ms/batch"
    assert lines[1] == "nearest: tiny at 1.00 ms/batch, 40.0 (37.0–43.1) % at 1.00 ms/batch of 32 on CPU"


def test_as_json_it_says_the_same_in_figures(runs, capsys):
    assert main(["recommend", "--max-ms", "50", "--json", "--output", str(runs)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["model"], found["as_good"]) == ("small", ["small", "big"])
    assert [row["model"] for row in found["over"]] == ["huge"]


def test_what_was_not_timed_and_what_was_noisy_is_said(tmp_path, capsys):
    noisy = trial("a", wrong=range(9), facts={"timing_verdict": "noisy"}, cpu_infer_step_time=around(10.0))
    stored_run(tmp_path, [noisy, trial("untimed")])
    assert said(capsys, tmp_path, "--max-ms", "20")[-2:] == [
        "not judged, their time is not known: untimed",
        "the timing of a was noisy: time it again",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["--max-ms", "0"], 2, "argument --max-ms: 0 is out of range: above 0", "see: harness recommend --help"),
        (["--on", "tpu"], 2, "argument --on: invalid choice: 'tpu'", "see: harness recommend --help"),
        (["--on", "cuda"], 2, "this run timed nothing on cuda", "give --on cpu"),
        (["--batch-size", "1"], 2, "this run timed batches of 32, not of 1", "leave it out"),
        (["zzzz"], 4, "zzzz is not the folder of a run, nor the id of one", "there are: "),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(runs, capsys, arguments, code, cause, remedy):
    assert main(["recommend", *arguments, "--output", str(runs)]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")
