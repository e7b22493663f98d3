"""A pick in sentences."""

from __future__ import annotations

from results.answers.picked import picked
from results.tables.answers.picked import lines
from tests.results.picks import ACCOUNT, pick_file
from tests.results.runs import Folder, summary_of, trial


def said(tmp_path, *trials, **changed):
    return lines(picked(Folder([], path=pick_file(tmp_path, **changed))), summary_of(*trials))


def head(wrong, **facts):
    return trial("vit", wrong=range(wrong), facts={"finetune": "head"} | facts)


def test_the_funnel_its_times_the_answer_and_what_came_near(tmp_path):
    assert said(tmp_path, head(50)) == [
        "1,844 pretrained models → 611 may be fast enough → 24 after probe 1",
        "took: may be fast enough 1m 04s · after probe 1 5m 00s",
        "vit, as frozen features: test error 5.0 (3.8–6.5) %; chosen from 24 by 1,200 validation images: 4.1 %, "
        "expected to be 1.3 pp too kind",
        "just missed: timm/resnet50.a1_in1k (probe 1: 14.2 % against 9.8 %, p < 0.001)",
        "the best of 10 random models, timm/vgg11.tv_in1k, has 12.0 % in probe 1, the best of the others 9.8 %: "
        "nothing hints at a better region beside the shortlist",
    ]


def test_a_random_model_that_is_best_asks_for_a_longer_shortlist(tmp_path):
    drawn = ACCOUNT["random"] | {"error": 8.0}
    assert said(tmp_path, head(50), random=drawn)[-1].endswith(
        "has 8.0 % in probe 1, better than the 9.8 % of all others: a longer --shortlist may find more"
    )


def test_a_head_that_learnt_less_than_its_probe_is_told_of(tmp_path):
    assert said(tmp_path, head(200))[2].endswith("than in its probe: try more --epochs, or another --lr")
    few = {"num_validation": 20, "optimism": {"error": 0.0, "pp": 0.0, "num_models": 24}}
    assert said(tmp_path, head(50), **few)[2].endswith("0.0 %, expected to be 0.0 pp too kind")


def test_a_backbone_that_was_trained_is_said_to_be(tmp_path):
    assert said(tmp_path, head(50, finetune="full"), optimism=None)[2] == (
        "vit, after fine-tuning: test error 5.0 (3.8–6.5) %"
    )


def test_where_no_finalist_ended_well_that_is_the_answer(tmp_path):
    assert said(tmp_path, trial("vit", status="oom", cause="no memory"))[2] == "no finalist has a result"
