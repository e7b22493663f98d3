from __future__ import annotations

import pytest

from harness.cli.commands.time.table import crossings, ranks, render


def row(model="resnet18", time=15.0, ci95=0.1, **changes):
    return {
        "model": model,
        "status": "ok",
        "infer_step_time": time,
        "infer_step_time_ci95": ci95,
        "infer_step_time_low": time - ci95,
        "infer_step_time_high": time + ci95,
        "infer_samples_per_sec": 32e3 / time,
        "infer_gmacs": 1.8141,
        "param_count": 11.6895,
        "device": "cpu",
        "device_name": "Some CPU",
        "batch_size": 32,
        "img_size": 224,
        "precision": "float32",
        "channels_last": False,
        "torchcompile": False,
        "threads": 2,
        "allocator": "glibc default",
        "verdict": "steady",
        "reasons": "",
        **changes,
    }


def test_the_table_ranks_the_fastest_first_and_blanks_what_is_unknown():
    assert render([row("resnet50", 40.0, 1.2), row(train_step_time=45.678, train_step_time_ci95=4.6)]) == (
        "Some CPU · batch 32 × 224 px · float32 · threads 2\n"
        "rank  model     infer ms  ±%  img/s  train ms  ±%  GMACs  params M  verdict\n"
        "   1  resnet18      15.0       2133      45.7  10   1.81      11.7  steady\n"
        "   2  resnet50      40.0   3    800                 1.81      11.7  steady"
    )


def test_models_whose_intervals_overlap_share_a_rank():
    assert ranks([row(time=10, ci95=1), row(time=11, ci95=1), row(time=20, ci95=1)]) == ["=1", "=1", "3"]
    assert ranks([row(time=10, ci95=0.1), row(time=11, ci95=0.1)]) == ["1", "2"]


def test_rows_of_different_conditions_are_never_ranked_together():
    text = render([row(), row("b", 20.0, precision="bfloat16"), row("c", 30.0, threads=1), row("d", 9.0, img_size=299)])
    assert [line.split()[0] for line in text.splitlines() if line.startswith("   ")] == ["1"] * 4


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"allocator": "glibc keeps freed memory"}, "float32 · threads 2 · glibc keeps freed memory"),
        ({"device": "cuda", "tf32": "convolutions"}, "float32 · TF32 convolutions"),
        ({"device": "cuda", "tf32": "off"}, "float32"),
    ],
)
def test_what_else_decides_a_time_is_in_the_title_and_keeps_rows_apart(changes, title):
    text = render([row(), row("b", 20.0, **changes)])
    assert text.splitlines()[4] == f"Some CPU · batch 32 × 224 px · {title}"
    assert [line.split()[0] for line in text.splitlines() if line.startswith("   ")] == ["1", "1"]


def test_what_keeping_freed_memory_could_bring_is_one_line():
    rows = [row(infer_system_share=0.1), row("slow", 20.0, infer_system_share=0.2, train_system_share=0.45)]
    (line,) = [line for line in render(rows).splitlines() if line.startswith("note: ")]
    assert line.startswith("note: up to 45% of the CPU time (slow, training at batch 32) is the kernel's")
    assert "--allocator keep" in line
    assert "MALLOC_TRIM_THRESHOLD_=2147483647 MALLOC_MMAP_THRESHOLD_=2147483647" in line
    kept = [row(infer_system_share=0.4, allocator="glibc keeps freed memory"), row(infer_system_share=0.04)]
    assert "note: " not in render(kept)


def test_noise_and_failures_are_named_below():
    noisy = row(verdict="noisy", reasons="infer: off the core 30% of the time; infer: more")
    failed = {"model": "broken", "status": "failed", "error": "build: no"}
    assert render([noisy, failed]).splitlines()[-2:] == [
        "note: resnet18 at batch 32 is noisy: infer: off the core 30% of the time (and 1 more: see --csv)",
        "failed: broken: build: no",
    ]


@pytest.mark.parametrize(
    ("cuda_times", "line"),
    [
        ((5.0, 2.0), ["resnet18: cuda is faster than the CPU from batch 32 on"]),
        ((1.0, 2.0), ["resnet18: cuda is faster than the CPU from batch 1 on"]),
        ((1.0, 50.0), ["resnet18: cuda is slower than the CPU at batch 32"]),
        ((4.0, 50.0), ["resnet18: cuda is slower than the CPU at batch 1, 32"]),
    ],
)
def test_a_sweep_finds_where_the_accelerator_begins_to_win(cuda_times, line):
    cpu = [row(time=time, batch_size=size) for size, time in ((1, 3.0), (32, 40.0))]
    cuda = [row(time=time, batch_size=size, device="cuda") for size, time in zip((1, 32), cuda_times, strict=True)]
    assert crossings(cpu + cuda) == line


def test_one_batch_size_alone_finds_nothing():
    assert crossings([row(), row(device="cuda")]) == []
