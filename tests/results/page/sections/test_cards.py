"""The verdict, and a latency budget that answers at every step as `harness recommend` does."""

from __future__ import annotations

import shlex

import pytest

from harness.cli.main import main
from results.answers.limits import Limits
from results.answers.recommend import recommend
from results.page.report_run import report_run
from results.page.sections.cards import section
from results.ranking.summary import summarise
from results.tables.answers.recommendation import lines
from results.tables.sentence import sentence, untold
from tests.results.page.parsed import page_of
from tests.results.runs import Folder, summary_of, trial
from tests.results.samples import stored_run


def two_devices():
    """The best is slow, one is noisy and may be either side of much, one failed."""
    return [
        trial("vit", wrong=range(50), cpu_infer_step_time=(71.9,) * 5, cuda_infer_step_time=(7.92,) * 5),
        trial("mlp", wrong=range(20, 90), cpu_infer_step_time=(15.234,) * 5, cuda_infer_step_time=(2.24,) * 5),
        trial("fc", wrong=range(400), cpu_infer_step_time=(1.0, 1.5, 2.5, 4.0), cuda_infer_step_time=(0.0711,) * 5),
        trial("swin", status="oom", cause="no memory", device="cuda"),
    ]


def card(*trials):
    return section(report_run(Folder(list(trials))))


def test_every_step_of_the_budget_has_the_answer_of_recommend_within_it():
    summary = summary_of(*two_devices())
    for device in card(*two_devices()).data["devices"]:
        assert len(device["steps"]) > 10
        for step in device["steps"]:
            limits = Limits(max_ms=float(step["ms"]) if step["ms"] else None, on=device["kind"])
            assert device["answers"][step["answer"]] == lines(recommend(summary, limits))


def test_the_command_beside_a_step_prints_the_same_at_a_terminal(tmp_path, capsys):
    devices = section(report_run(stored_run(tmp_path, two_devices()))).data["devices"]
    assert [device["label"] for device in devices] == ["GPU", "CPU"], "the one trained on comes first"
    for device in devices:
        for step in [*device["steps"][::10], device["steps"][-1]]:
            main(shlex.split(step["command"])[1:])
            assert capsys.readouterr().out.splitlines() == device["answers"][step["answer"]]


def test_the_last_step_has_no_limit_and_is_what_the_page_shows_without_a_script():
    page = page_of(*two_devices())
    device = page.data("cards")["devices"][0]
    assert device["steps"][-1]["ms"] == ""
    (answer,) = page.section("cards").all("div", class_="answer")
    assert [line.text for line in answer.all("p")] == device["answers"][device["steps"][-1]["answer"]]


def test_budgets_are_typed_without_exponents():
    steps = card(trial("a", cpu_infer_step_time=(0.000012345,) * 5)).data["devices"][0]["steps"]
    assert [step["ms"] for step in steps][:2] == ["0.0000123", "0.0000124"]


def test_the_page_says_the_sentence_and_what_the_data_cannot_tell():
    said = page_of(*two_devices()).section("cards")
    summary = summary_of(*two_devices())
    assert sentence(summary) in said.text
    assert [line.text for line in said.all("li")] == untold(summary) != []


def test_the_switch_of_devices_is_there_where_there_are_two():
    assert len(page_of(*two_devices()).section("cards").all("input", type="radio")) == 2
    assert page_of(trial("a", cpu_infer_step_time=(5.0,))).section("cards").all("input", type="radio") == []


@pytest.mark.parametrize(
    ("trials", "sliders", "words"),
    [
        ([trial("a", wrong=range(9))], 0, "take a: "),
        ([trial("a", status="failed", cause="it broke")], 0, "No trial ended well: there is nothing to rank."),
        ([], 0, "No trial ended well: there is nothing to rank."),
        ([trial("a", cpu_infer_step_time=(5.0,))], 1, "a is the only model that was ranked."),
    ],
)
def test_what_was_not_timed_or_did_not_end_well_has_no_budget(trials, sliders, words):
    cards = page_of(*trials).section("cards")
    assert len(cards.all("input", type="range")) == sliders
    assert words in cards.text


def test_the_slider_has_a_label_and_its_value_in_words():
    cards = page_of(*two_devices()).section("cards")
    (slider,) = cards.all("input", type="range")
    assert [label.text for label in cards.all("label", **{"for": slider.attributes["id"]})] == ["Latency budget: none"]
    assert slider.attributes["aria-valuetext"] == "no limit"


def test_a_run_is_summed_up_once_for_its_answers(monkeypatch):
    folder = Folder(two_devices())
    summary = summarise(folder.records(), folder.predictions)
    monkeypatch.setattr("results.page.report_run.summarise", None)
    assert section(report_run(folder, summary)) is not None
