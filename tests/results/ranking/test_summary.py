from __future__ import annotations

from dataclasses import replace

import pytest

from results.errors import StoreError
from results.ranking import summary
from results.ranking.comparability import NotComparable, accelerator_names
from results.ranking.front import Time
from results.ranking.summary import summarise, without_ranking
from results.tables.sentence import remarks
from tests.results.runs import Folder, summary_of, trial


def test_seeds_of_a_model_are_one_row_with_their_mean_error():
    [row] = summary_of(trial("net", 1, wrong=range(10)), trial("net", 2, wrong=range(30))).rows
    assert row.error.mean == pytest.approx(2.0)
    assert [record.seed for record in row.records] == [1, 2]


def test_better_models_come_first_and_failed_ones_last_by_name():
    run = summary_of(
        trial("z", status="failed"), trial("bad", wrong=range(300)), trial("a", status="oom"), trial("good")
    )
    assert [(row.model, row.places) for row in run.rows] == [
        ("good", (1, 1)),
        ("bad", (2, 2)),
        ("a", None),
        ("z", None),
    ]


def test_a_model_is_ranked_on_the_seeds_that_ended_well():
    run = summary_of(trial("net", 1, wrong=range(10)), trial("net", 2, status="timeout", cause="too slow"))
    [row] = run.rows
    assert (row.places, row.note) == ((1, 1), "1 of 2 trials failed (too slow)")


@pytest.mark.parametrize(
    ("status", "cause", "note"),
    [("oom", "out of memory at batch 256", "FAIL:out of memory at batch 256"), ("skipped", "no cuda", "SKIP:no cuda")],
)
def test_a_model_that_never_ended_well_keeps_its_trials_its_status_and_its_cause(status, cause, note):
    record, nothing = trial("net", status=status, cause=cause)
    [row] = summary_of((record, nothing)).rows
    assert (row.records, row.status, row.note, row.measured) == ((record,), status, note, ())


def test_a_failure_without_a_cause_is_named_by_its_status():
    assert summary_of(trial("net", status="timeout")).rows[0].note == "FAIL:timeout"


def test_rows_say_which_ranks_are_allowed_and_how_far_from_the_first_they_are():
    run = summary_of(trial("a", wrong=range(42)), trial("b", wrong=range(43)), trial("c", wrong=range(400)))
    assert [(row.places, row.may_be_best) for row in run.rows] == [((1, 2), True), ((1, 2), True), ((3, 3), False)]
    first, second, third = (row.vs_best for row in run.rows)
    assert first is None
    assert (second.significant, second.difference) == (False, pytest.approx(0.1))
    assert (third.significant, third.difference) == (True, pytest.approx(35.8))


def test_a_fact_is_of_the_first_seed_that_knows_it():
    [row] = summary_of(trial("a"), trial("a", 2, facts={"infer_gmacs": 1.8})).rows
    assert [row.fact(name) for name in ("img_size", "infer_gmacs", "unheard of")] == [224, 1.8, None]


def test_a_run_says_how_many_seeds_its_models_have_and_not_how_many_were_planned():
    failed = trial("b", 2, status="oom")
    assert summary_of(trial("a"), trial("a", 2), trial("b", wrong=range(9)), failed).num_seeds == (1, 2)
    assert summary_of(trial("a", 1), trial("b", 2, wrong=range(9))).num_seeds == (1, 1)
    assert summary_of(failed).num_seeds == (0, 0)


def test_times_are_those_of_all_seeds_together_and_summed_up_once(monkeypatch):
    calls = []
    monkeypatch.setattr(summary, "median_interval", lambda values: calls.append(values) or (1.0, 9.0))
    [row] = summary_of(*(trial("a", seed, cpu_infer_step_time=(3.0 + seed, 8.0)) for seed in (1, 2))).rows
    assert row.time("cpu", "infer") == row.time("cpu", "infer") == Time(6.5, 1.0, 9.0, 4.0, 3.25, "rounds differ by 8%")
    assert row.time("cuda", "infer") is None
    assert len(calls) == 1


def test_a_run_without_predictions_has_no_ranking_and_no_errors():
    record, _ = trial("net", wrong=range(10), train_seconds=(4.0,))
    assert summarise([record], lambda _: {}).ranking.order == ()
    [row] = without_ranking([record], lambda _: {}, "the device differs").rows
    assert (row.error, row.note, row.mean("train_seconds")) == (None, "the device differs", 4.0)


def test_a_machine_that_says_nothing_of_accelerators_has_none():
    assert accelerator_names(replace(trial("net")[0], machine={})) == []


def test_a_run_knows_its_accelerator_its_images_and_who_was_right():
    times = {"cpu_infer_step_time": (9.0,), "cuda_infer_step_time": (1.0,), "cuda_train_step_time": (2.0,)}
    run = summary_of(trial("net", wrong=range(7), **times))
    assert (run.accelerator, run.num_images, run.correct["net"].sum()) == ("cuda", 1000, 993)
    assert summary_of(trial("net", cpu_infer_step_time=(9.0,))).accelerator == ""


def test_a_trial_without_predictions_is_shown_but_not_ranked():
    record, _ = trial("net", wrong=range(10))
    [row] = summarise([record], lambda _: {}).rows
    assert (row.places, row.note) == (None, "no predictions were kept, so it cannot be ranked")


def test_each_device_has_a_front_of_its_own():
    points = {"slow": (10, 9.0, 5.0), "quick": (200, 1.0, 9.0), "worse": (300, 5.0, 1.0)}
    run = summary_of(
        *(
            trial(name, wrong=range(n), cpu_infer_step_time=(cpu,), cuda_infer_step_time=(gpu,))
            for name, (n, cpu, gpu) in points.items()
        )
    )
    assert {row.model: row.fronts for row in run.rows} == {
        "slow": {"cpu", "cuda"},
        "quick": {"cpu"},
        "worse": {"cuda"},
    }


def test_a_device_that_only_one_model_was_timed_on_has_no_front():
    run = summary_of(trial("a", cpu_infer_step_time=(9.0,)), trial("b", wrong=range(99)))
    assert [row.fronts for row in run.rows] == [frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"facts": {"precision": "amp_bfloat16"}}, "precision (float32, amp_bfloat16)"),
        ({"facts": {"threads": 4}}, "threads (2, 4)"),
        ({"facts": {"channels_last": "on"}}, "memory layout (auto, on)"),
        ({"facts": {"infer_batch_size": 1}}, "timing batch size (32, 1)"),
        ({"machine": {"cpu": "Newer"}}, "cpu (Old Reliable 9000, Newer)"),
        ({"machine": {"cores": 64}}, "cores (2, 64)"),
        ({"machine": {"timm": "0.9.16"}}, "timm (1.0.31, 0.9.16)"),
        ({"machine": {"torch": "2.6.0"}}, "torch (2.15.0, 2.6.0)"),
        ({"machine": {"torchvision": "0.21.0"}}, "torchvision (0.30.0, 0.21.0)"),
        ({"device": "mps"}, "device (cpu, mps)"),
        ({"machine": {"accelerators": [{}]}}, 'accelerators ([], [""])'),
        ({"machine": {"cores": 4}, "facts": {"threads": 4}}, "threads (2, 4); cores (2, 4)"),
        ({"machine": {"accelerators": [{"name": "H200"}]}}, 'accelerators ([], ["H200"])'),
        ({"data": {"fingerprint": "other"}}, "data fingerprint (9f3c71e1, other)"),
        ({"data": {"num_test": 5}}, "number of test images (1000, 5)"),
    ],
)
def test_rows_made_under_different_conditions_are_not_ranked_together(changes, named):
    folder = Folder([trial("a"), trial("b", **changes)])
    with pytest.raises(StoreError) as caught:
        summarise(folder.records(), folder.predictions)
    assert caught.value.cause == f"these trials cannot be ranked together, they differ in {named}"
    assert caught.value.remedy.startswith("run the models again under one set of conditions, or keep each set")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"tf32": "convolutions"}, "float32 with TF32 convolutions, 2 CPU threads;"),
        ({"tf32": "all"}, "float32 with TF32, 2 CPU threads;"),
        ({"tf32": "off"}, "float32, 2 CPU threads;"),
        ({"tf32": "convolutions", "precision": "amp_bfloat16"}, "amp_bfloat16, 2 CPU threads;"),
        ({"allocator": "glibc default"}, "float32, 2 CPU threads;"),
        ({"allocator": "jemalloc"}, "float32, 2 CPU threads, jemalloc;"),
    ],
)
def test_the_line_of_times_says_what_rounding_and_which_allocator_they_had(facts, said):
    (line,) = [
        line for line in remarks(summary_of(trial("a", facts=facts, cpu_infer_step_time=(1.0,)))) if "Times:" in line
    ]
    assert said in line


def test_a_failed_trial_may_lack_conditions_and_does_not_stop_the_others():
    assert summary_of(trial("a"), trial("b", status="failed", machine={"torch": "2.6.0"})).rows[0].places == (1, 1)


def shuffled(one, other):
    """The trials of which the second met the same images in another order."""
    record, arrays = other
    labels = arrays["labels"].copy()
    labels[:3] = 1
    return Folder([one, (record, {"labels": labels[::-1], "probs": arrays["probs"][::-1]})])


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        ((trial("a"), trial("b", wrong=range(9))), "b seed 1 was tested on other labels, or in another order, than a"),
        ((trial("a"), trial("a", 2, wrong=range(9))), "a seed 2 was tested on other labels, or in another order"),
    ],
)
def test_answers_in_another_order_are_not_paired(pair, named):
    folder = shuffled(*pair)
    with pytest.raises(NotComparable) as caught:
        summarise(folder.records(), folder.predictions)
    assert named in caught.value.cause
    assert caught.value.remedy == "run both again on one dataset: only answers to the same images can be paired"


def with_plugin(made, **files):
    record, arrays = made
    return replace(record, plugin={"name": "mine", "files": files}), arrays


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (
            trial("a", facts={"param_count": 610}),
            trial("a", 2, facts={"param_count": 4810}),
            "parameters (610, 4810)",
        ),
        (
            trial("a", facts={"pretrained_sha256": "1a"}),
            trial("a", 2, facts={"pretrained_sha256": "2b"}),
            "pretrained weights (1a, 2b)",
        ),
        (
            with_plugin(trial("a"), **{"net.py": "0123456789abcdef0123"}),
            with_plugin(trial("a", 2), **{"net.py": "2b"}),
            "net.py (0123456789abcdef, 2b)",
        ),
        (
            trial("a", facts={"trainable_param_count": 610}),
            trial("a", 2, facts={"trainable_param_count": 20}),
            "trained parameters (610, 20)",
        ),
        (trial("a"), trial("a", 2, facts={"weights": "in1k"}), "weights (none, in1k)"),
    ],
)
def test_seeds_of_what_are_two_models_are_not_averaged(first, second, named):
    folder = Folder([first, second])
    with pytest.raises(NotComparable) as caught:
        summarise(folder.records(), folder.predictions)
    assert caught.value.cause == f"the trials of a are of several models, they differ in {named}"
    assert caught.value.remedy == "run the model again from all its seeds"
    rows = without_ranking(folder.records(), folder.predictions, caught.value.cause).rows
    assert [(row.records[0].seed, len(row.records), row.places) for row in rows] == [(1, 1, None), (2, 1, None)]
    assert rows[1].note == f"seed 2 alone: {caught.value.cause}"


def test_a_record_of_before_that_does_not_say_its_content_is_no_other_model():
    [row] = summary_of(with_plugin(trial("a"), **{"net.py": "1a"}), trial("a", 2)).rows
    assert (row.places, len(row.records)) == ((1, 1), 2)


def test_seeds_that_met_their_images_in_another_order_are_rows_of_their_own():
    folder = shuffled(trial("a", wrong=range(10)), trial("a", 2, wrong=range(30)))
    rows = without_ranking(folder.records(), folder.predictions, "why").rows
    assert [len(row.records) for row in rows] == [1, 1]
    assert rows[0].error.mean == pytest.approx(1.0)


def test_a_summary_has_its_ranking_and_fronts_of_two():
    run = summary_of(
        trial("a", cpu_infer_step_time=(1.0,) * 9), trial("b", wrong=range(9), cpu_infer_step_time=(2.0,) * 9)
    )
    assert run.ranking.order == ("a", "b")
    assert [row.fronts for row in run.rows] == [{"cpu"}, frozenset()]


def test_the_width_of_the_middle_half_is_that_of_the_quartiles():
    [row] = summary_of(trial("a", cpu_infer_step_time=tuple(map(float, range(101))))).rows
    time = row.time("cpu", "infer")
    assert (time.median, time.min, time.iqr) == (50.0, 0.0, 50.0)
