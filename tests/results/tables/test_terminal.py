"""Whole screens, as a person sees them."""

from __future__ import annotations

from functools import cache, partial

import pytest

from results.tables.render import screen
from results.tables.text import fit_for
from tests.results.runs import printed_of, summary_of, trial

GPU_RUN = [
    *(
        trial(
            "convnext_tiny",
            seed,
            wrong=range(42),
            cpu_infer_step_time=(48.0, 48.1, 48.2),
            cuda_infer_step_time=(7.91, 7.92, 7.93),
            top5_err=(0.3,),
            facts={"timing_verdict": "noisy"},
        )
        for seed in (1, 2)
    ),
    *(
        trial(
            "resnet18",
            seed,
            wrong=range(300, 420),
            cpu_infer_step_time=(13.2, 15.2, 17.2) if seed == 1 else (),
            cuda_infer_step_time=(2.0, 2.0, 2.0),
            top5_err=(1.2,),
            train_seconds=(8.04,),
            facts={"param_count": 11_180_000, "img_size": 64},
        )
        for seed in (1, 2)
    ),
    trial("swin_tiny", 1, wrong=range(5, 53), cpu_infer_step_time=(71.9,), cuda_infer_step_time=(11.6,)),
    trial("swin_tiny", 2, status="oom", cause="out of memory at batch 256"),
    trial("broken", 1, status="failed", cause="no head found"),
    trial("broken", 2, status="failed", cause="no head found"),
]


GPU_SCREEN = """\
Test error on 1,000 images, 1 to 2 seeds  (95 % intervals over images and seeds)
                             top-1 err  top-5             vs best                 CPU       GPU   GPU  params
 rank  plugin                 % (95 %)  err %           pp (95 %)            ms/batch  ms/batch     ×       M  weights
 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  1–2  convnext_tiny     4.2 (3.1–6.0)    0.3                best              48.1 ◆    7.92 ◆  6.1×    27.8  none
  1–2  swin_tiny         4.8 (3.6–6.3)         ? (−0.23 to +1.43)              71.9      11.6    6.2×    27.8  none
    3  resnet18       12.0 (10.1–14.2)    1.2     +7.8 (4.8–10.8)  15.2 (13.2–17.2) ◆    2.00 ◆  7.6×    11.2  none
    -  broken         FAIL:no head found
 1 column hidden, see table.md

The best is one of convnext_tiny and swin_tiny (95 %); convnext_tiny beats resnet18 by 7.8 pp (4.8–10.8; adjusted p <
  0.0001).
rank: the places that the tests of all pairs together allow; ?: not told apart from the best; ◆: on that device none
  is faster and not worse in error, nor better and not slower.
Fewer than 2 seeds: swin_tiny; its seed effect is borrowed from the other models.
convnext_tiny was chosen from 3 for its low error, which is about 0.1 pp too kind; its interval allows for that.
Times: batch 32, float32, 2 CPU threads; medians, with their 95 % interval where it reaches over 2 %.
Timed at different image sizes: 3×224×224 convnext_tiny and swin_tiny; 3×64×64 resnet18; ◆ weighs them against each
  other all the same.
Noisy timings, taken while the machine was disturbed: convnext_tiny.
To see a gap of 1 pp in this table's tests (80 % of the time) takes about 9,300 test images (you have 1,000).
Differences would narrow most with twice the test images, rather than twice the seeds or half the models.
note: swin_tiny: 1 of 2 trials failed (out of memory at batch 256)
wrote results/runs/2026-11-20-leaves-7f2a/{table.md,table.csv,table.json}"""

NARROW_TABLE = """\
                        top-1 err
 rank  plugin            % (95 %)
 ────────────────────────────────
  1–2  convnex…     4.2 (3.1–6.0)
  1–2  swin_ti…     4.8 (3.6–6.3)
    3  resnet18  12.0 (10.1–14.2)
    -  broken    FAIL:no head…
 8 columns hidden, see table.md
"""

CPU_SCREEN = """\
Test error on 1,000 images, 1 seed  (95 % intervals over images)
                     top-1 err         vs best       CPU  params
 rank  plugin         % (95 %)       pp (95 %)  ms/batch       M  weights
 ────────────────────────────────────────────────────────────────────────
    1  small     2.0 (1.3–3.3)            best   0.211 ◆   0.535  none
    2  large   10.0 (8.3–12.0)  +8.0 (6.3–9.7)    1310      27.8  none
 1 column hidden, see table.md

Of these checkpoints, small is the best; it beats large by 8.0 pp (6.3–9.7; p <
  0.0001).
rank: the places that the tests of all pairs together allow; ◆: on that device
  none is faster and not worse in error, nor better and not slower.
One seed: this compares these checkpoints; --seeds 3 also shows how much a new
  training changes.
Times: batch 32×3×224×224, float32, 2 CPU threads; medians, with their 95 %
  interval where it reaches over 2 %.
no GPU columns: this run used the CPU only
To see a gap of 1 pp in this table's tests (80 % of the time) takes about 6,300
  test images (you have 1,000)."""


@cache
def gpu_run():
    return summary_of(*GPU_RUN)


def test_a_run_on_an_accelerator_fills_the_whole_screen():
    assert printed_of(GPU_RUN, width=118) == GPU_SCREEN


def test_a_narrow_terminal_keeps_rank_name_and_error():
    assert f"{NARROW_TABLE}\n" in printed_of(GPU_RUN, width=30)


def test_a_run_on_the_cpu_says_why_there_are_no_gpu_columns():
    run = [
        trial("large", wrong=range(100), cpu_infer_step_time=(1310.0, 1310.4)),
        trial("small", wrong=range(20), cpu_infer_step_time=(0.2111,), facts={"param_count": 535_000}),
    ]
    assert "\n".join(screen(summary_of(*run), 80)) == CPU_SCREEN


@pytest.mark.parametrize(
    ("room", "hidden"),
    [(128, ""), (127, "1 column"), (117, "2 columns"), (109, "3 columns"), (102, "4 columns"), (87, "6 columns")],
)
def test_columns_go_in_a_fixed_order(room, hidden):
    lines = screen(gpu_run(), room)
    text = "\n".join(lines)
    gone = ["train", "params", "top-5", "×\n", "weights", "GPU"][: int(hidden[:1] or 0)]
    assert f" {hidden} hidden, see table.md" in text or not hidden
    assert [name for name in gone if name in text.split("─")[0]] == []
    assert max(map(len, lines)) <= room


def test_a_mark_stands_at_the_time_of_its_device_and_goes_with_its_column():
    table = "\n".join(screen(gpu_run(), 87))
    assert "48.1 ◆" in table
    assert "7.92" not in table
    without_times = "\n".join(screen(gpu_run(), 60))
    assert "48.1" not in without_times
    assert "◆: on that device" not in without_times


def test_with_one_seed_nothing_is_said_of_architectures():
    text = "\n".join(screen(summary_of(trial("a", wrong=range(9)), trial("b", wrong=range(99))), None))
    assert "these checkpoints" in text
    assert "architecture" not in text


def test_of_many_rows_the_best_fifteen_and_the_front_are_shown():
    run = [trial(f"m{i:02}", wrong=range(i), cpu_infer_step_time=(9.0 + i,)) for i in range(28)]
    run += [trial("quick", wrong=range(500), cpu_infer_step_time=(1.0,)), trial("bad", status="timeout")]
    lines = screen(summary_of(*run), None)
    shown = [line.split()[1] for line in lines[4 : lines.index("") - 1]]
    assert shown == [*(f"m{i:02}" for i in range(15)), "quick", "bad"]
    assert " 13 more in table.md" in lines
    narrow = screen(summary_of(*run), 50)
    assert [line for line in narrow if "table.md" in line] == [
        " 13 more in table.md",
        " 5 columns hidden, see table.md",
    ]


def test_of_a_front_of_many_the_ten_quickest_are_shown():
    # The slower, the better: none of them beats another.
    times = [(f"m{i:02}", range(20 * i), float(40 - i)) for i in range(40)]
    run = [trial(name, wrong=wrong, cpu_infer_step_time=(ms,)) for name, wrong, ms in times]
    lines = screen(summary_of(*run), None)
    shown = [line.split()[1] for line in lines[4 : lines.index("") - 1]]
    assert shown == [f"m{i:02}" for i in (*range(15), *range(30, 40))]


def test_a_run_without_a_success_shows_its_failures_only():
    lines = screen(summary_of(trial("a", status="failed", cause="no head"), trial("b", status="skipped")), 80)
    assert lines == [
        "No trial ended well: there is nothing to rank.",
        "",
        " rank  plugin",
        " ────────────",
        "    -  a       FAIL:no head",
        "    -  b       SKIP:skipped",
        "",
    ]


def test_a_stream_that_knows_ascii_only_gets_ascii(monkeypatch):
    monkeypatch.setattr("sys.stdout", open("/dev/null", "w", encoding="ascii"))  # noqa: SIM115
    text = printed_of([*GPU_RUN, trial("été", wrong=range(9), device="cuda")])
    assert text.isascii()
    assert "\\xe9t\\xe9" in text
    assert "2-3  convnext_tiny     4.2 (3.1-5.6)    0.3    +3.3 (1.8-4.7)              48.1 *    7.92 *" in text


def test_a_cut_name_stays_aligned_where_the_sign_of_the_cut_is_spelt_out():
    run = [trial("n" * 70, wrong=range(9)), trial("short", wrong=range(99))]
    lines = screen(summary_of(*run), 64, partial(fit_for, "ascii"))
    names = [line.split()[1] for line in lines[4:6]]
    assert names == ["n" * (len(names[0]) - 3) + "...", "short"]
    assert len(lines[4]) == len(lines[5]) <= 64


def test_nothing_is_coloured_so_no_color_is_always_honoured():
    assert "\x1b" not in printed_of([*GPU_RUN, trial("\x1b[31mred", device="cuda")])


def test_a_model_that_one_seed_does_not_settle_is_named_below_the_table():
    shaky = trial("shaky", 1, wrong=range(9), facts={"deterministic": True})
    again = trial("shaky", 2, wrong=range(9), facts={"deterministic": False})
    firm = [trial("firm", seed, wrong=range(99), facts={"deterministic": True}) for seed in (1, 2)]
    lines = screen(summary_of(shaky, again, *firm), None)
    assert "Not deterministic, two short trainings from one seed differed: shaky." in lines
    assert not [line for line in screen(summary_of(*firm), None) if "eterministic" in line]
