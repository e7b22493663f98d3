"""What is said of a run: which model is best, and what a reader of the table must know."""

from __future__ import annotations

import pytest

from results.tables.sample import title
from results.tables.sentence import legend, remarks, sentence
from tests.results.runs import summary_of, trial


def of_errors(wrong, seeds=(1,), **measured):
    """Models that miss so many of the first images, with each of the seeds."""
    return summary_of(*(trial(name, seed, wrong=range(n), **measured) for name, n in wrong.items() for seed in seeds))


ALL_ALIKE = dict.fromkeys("abcdefg", 42)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({}, ""),
        ({"a": 42}, "a is the only model that was ranked."),
        (
            {"a": 42, "b": 43},
            "the best is one of a and b (95 %); b is tied with a (within 1 pp).",
        ),
        (
            ALL_ALIKE,
            "one of a, b, c, d and 3 more (95 %); b, c, d, e and 2 more are tied with a (within 1 pp).",
        ),
        ({"a": 20, "b": 100}, "Of these checkpoints, a is the best; it beats b by 8.0 pp (6.3–9.7; p < 0.0001)."),
        (
            {"a": 20, "b": 100, "c": 101},
            "the best; it beats b by 8.0 pp (6.0–9.9; adjusted p < 0.0001) and 1 more.",
        ),
        ({"a": 20, "b": 21, "c": 99}, "(within 1 pp); a beats c by 7.9 pp (5.8–10.0; adjusted p < 0.0001)."),
    ],
)
def test_the_verdict_is_a_sentence(wrong, text):
    assert sentence(of_errors(wrong)).endswith(text)
    assert text or not sentence(of_errors(wrong))


def test_the_best_beats_only_what_it_is_itself_significantly_better_than():
    run = summary_of(trial("a", wrong=range(500, 544)), trial("b", wrong=range(45)), trial("c", wrong=range(60)))
    assert [(row.model, row.places) for row in run.rows] == [("a", (1, 3)), ("b", (1, 2)), ("c", (2, 3))]
    assert sentence(run) == "Of these checkpoints, the best is one of a and b (95 %)."


def test_with_several_seeds_nothing_is_said_of_checkpoints():
    run = of_errors({"a": 20, "b": 300}, seeds=(1, 2))
    assert sentence(run).startswith("a is the best; it beats b by ")
    assert "checkpoint" not in " ".join([title(run), *remarks(run)])
    assert "these checkpoints" in " ".join(remarks(of_errors({"a": 20, "b": 300})))


def test_the_title_counts_the_seeds_that_the_models_have():
    failed = trial("b", 2, status="oom")
    one = summary_of(trial("a", 1), trial("b", 3, wrong=range(9)), failed)
    assert title(one) == "Test error on 1,000 images, 1 seed  (95 % intervals over images)"
    some = summary_of(trial("a", 1), trial("a", 2), trial("b", wrong=range(9)), failed)
    assert title(some) == "Test error on 1,000 images, 1 to 2 seeds  (95 % intervals over images and seeds)"


def test_a_model_with_fewer_seeds_than_others_borrows_their_effect():
    run = summary_of(*(trial("a", seed) for seed in (1, 2, 3)), trial("b", wrong=range(9)), trial("c", wrong=range(19)))
    assert "Fewer than 3 seeds: b and c; their seed effect is borrowed from the other models." in remarks(run)
    assert not [line for line in remarks(of_errors({"a": 1, "b": 2}, (1, 2))) if "borrowed" in line]


def scattered(num_models):
    """Models of about one error, each wrong on images of its own."""
    return summary_of(*(trial(f"m{i}", wrong=range(40 * i, 40 * i + 40)) for i in range(num_models)))


def test_how_much_too_kind_the_lowest_of_many_errors_is_is_said():
    [line] = [line for line in remarks(scattered(20)) if "too kind" in line]
    assert line == (
        "m0 was chosen from 20 for its low error, which is about 1.1 pp too kind; its interval allows for that."
    )


@pytest.mark.parametrize("wrong", [{"a": 40}, {"a": 40, "b": 40}, {"a": 20, "b": 300}])
def test_where_nothing_was_chosen_by_luck_nothing_is_said_of_it(wrong):
    assert not [line for line in remarks(of_errors(wrong)) if "too kind" in line]


def test_the_images_needed_are_those_of_this_tables_tests():
    lines = remarks(scattered(2))
    assert (
        "To see a gap of 1 pp in this table's tests (80 % of the time) takes about 6,300 test images (you have 1,000)."
    ) in lines
    assert not [line for line in lines if "narrow most" in line], "there is nothing else to do"
    [line] = [line for line in remarks(scattered(20)) if "narrow most" in line]
    assert line == "Differences would narrow most with twice the test images, rather than half the models."


def test_where_no_number_of_images_is_enough_seeds_are_what_is_missing():
    run = summary_of(
        *(trial("a", seed, wrong=range(20 * seed)) for seed in (1, 9)),
        *(trial("b", seed, wrong=range(500, 500 + 20 * seed)) for seed in (2, 8)),
    )
    lines = remarks(run)
    assert "No number of test images shows a gap of 1 pp with these seeds: more seeds are what is missing." in lines
    assert "Differences would narrow most with twice the seeds, rather than twice the test images." in lines


def test_what_the_ranks_leave_open_and_the_question_of_the_best_rules_out_is_said():
    run = summary_of(trial("a", wrong=range(40)), trial("b", wrong=range(58)), trial("c", wrong=range(400, 700)))
    lines = remarks(run)
    for row in run.rows:
        ruled_out = row.places[0] == 1 and not row.may_be_best
        assert ruled_out == any(line.startswith("Not the best") and f": {row.model};" in line for line in lines)


def test_the_legend_names_the_signs_that_the_table_has():
    run = of_errors({"a": 20, "b": 21})
    assert legend(run, "tie ≤ 0.9") == (
        "rank: the places that the tests of all pairs together allow; tie: known to be within 1 pp of the best."
    )
    assert legend(run, "? (−1 to +1)").endswith("; ?: not told apart from the best.")
    assert legend(run, "10.0 (?)").endswith("; (?): a time whose interval reaches beyond ten times it.")
    assert "◆: on that device none is faster" in legend(run, "13.6 ◆")
    assert legend(of_errors({"a": 20}), "13.6 ◆") == ""


def test_a_front_over_several_image_sizes_says_so():
    sizes = {"a": 224, "b": 64}
    run = summary_of(
        *(
            trial(name, wrong=range(size), facts={"img_size": size}, cpu_infer_step_time=(9.0,))
            for name, size in sizes.items()
        )
    )
    [line] = [line for line in remarks(run) if line.startswith("Timed at different image sizes")]
    assert line == (
        "Timed at different image sizes: 3×64×64 b; 3×224×224 a; ◆ weighs them against each other all the same."
    )


def test_what_failed_of_a_models_trials_is_noted():
    run = summary_of(trial("net", 1, wrong=range(10)), trial("net", 2, status="timeout", cause="too slow"))
    assert "note: net: 1 of 2 trials failed (too slow)" in remarks(run)


def test_an_accelerator_that_could_not_be_timed_is_not_called_a_cpu_run():
    assert "no GPU columns: nothing could be timed on cuda" in remarks(summary_of(trial("a", device="cuda")))


def test_what_trials_noted_and_why_times_are_blank_is_said_once_for_all_models_that_it_is_true_of():
    noted, untimed = {"notes": "images of 48 px"}, {"timing_error": "crashed with\x1b SIGSEGV"}
    run = summary_of(
        trial("a", 1, facts=noted),
        trial("a", 2, facts=noted),
        trial("b", wrong=range(10), facts=noted | untimed),
        trial("c", wrong=range(20), facts=untimed),
        trial("d", wrong=range(30)),
    )
    lines = remarks(run)
    assert [line for line in lines if line.startswith("note: ")] == ["note: a and b: images of 48 px"]
    [line] = [line for line in lines if line.startswith("Not timed: ")]
    assert line.startswith("Not timed: b and c: crashed with")
    assert "\x1b" not in line


def test_seeds_whose_times_differ_make_a_time_noisy_and_the_line_says_by_how_much():
    run = summary_of(
        *(trial("a", seed, cpu_infer_step_time=(time,) * 9) for seed, time in ((1, 10.0), (2, 18.6))),
        *(trial("b", seed, cpu_infer_step_time=(10.0,) * 9) for seed in (1, 2)),
    )
    assert "Noisy timings: a (cpu infer: rounds differ by 86%)." in remarks(run)


def test_cold_first_steps_that_differ_make_no_time_noisy():
    run = summary_of(*(trial("a", seed, cpu_infer_first_step_time=(10.0 * seed,)) for seed in (1, 2)))
    assert not [line for line in remarks(run) if "Noisy" in line]


@pytest.mark.parametrize(
    ("starts", "said"),
    [(["x", "x"], True), (["x", "y"], False), (["x", None], False), ([None, None], False), (["x"], False)],
)
def test_seeds_that_all_began_with_the_same_weights_are_named(starts, said):
    facts = [{"initial_sha256": start} if start else {} for start in starts]
    run = summary_of(*(trial("a", seed, facts=one) for seed, one in enumerate(facts, start=1)))
    line = "The same weights from every seed: a; its builder seeds torch itself, and a new training changes more."
    assert (line in remarks(run)) == said
