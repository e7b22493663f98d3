"""The LaTeX table: its cells, and names from outside that would be commands."""

from __future__ import annotations

import re

import pytest

from results.tables.latex import escaped, latex_table
from tests.results.runs import summary_of, trial

TIMES = {"cpu_infer_step_time": (20.0, 20.1, 20.2)}


def test_it_is_a_tabular_with_what_is_said_as_comments():
    text = latex_table(summary_of(trial("vit", wrong=range(50), **TIMES), trial("my_net", wrong=range(300), **TIMES)))
    lines = text.splitlines()
    assert lines[0].startswith("% Test error on 1,000 images, 1 seed")
    assert lines[1].startswith(
        "% Of these checkpoints, vit is the best; it beats my_net by 25.0 pp (22.3–27.6; p < 0.0001)"
    )
    begin = next(i for i, line in enumerate(lines) if line.startswith(r"\begin{tabular}"))
    rows = [[cell.strip() for cell in line.removesuffix(r"\\").split(" & ")] for line in lines[begin:] if " & " in line]
    assert rows[0] == ["rank", "plugin", r"top-1 err \% (95 \%)", r"vs best pp (95 \%)", "CPU ms/batch", "params M",
                       "train per seed", "weights"]  # fmt: skip
    assert rows[1] == ["1", "vit", "5.0 (3.8--6.8)", "best", r"20.1 $\diamond$", "27.8", "6m 02s", "none"]
    assert rows[2][:4] == ["2", r"my\_net", "30.0 (27.2--32.9)", "+25.0 (22.3--27.6)"]
    assert lines[-1] == r"\end{tabular}"


@pytest.mark.parametrize("name", [r"\input{/etc/passwd}", "50% off", "a&b_c#d$e{f}~^", "a\n\\end{tabular}"])
def test_a_name_is_text_and_never_a_command(name):
    [row] = [line for line in latex_table(summary_of(trial(name))).splitlines() if line.lstrip().startswith("1 &")]
    assert len(re.findall(r"(?<!\\)&", row)) == len(re.findall(r"(?<!\\)&", row.replace(escaped(name), "")))
    shown = (
        escaped(name)
        .replace(r"\textbackslash{}", "")
        .replace(r"\textasciitilde{}", "")
        .replace(r"\textasciicircum{}", "")
    )
    assert re.sub(r"\\[&%$#_{}]", "", shown) == re.sub(r"[\\&%$#_{}~^\n]", "", shown).replace("  ", " ")


def test_failures_have_a_note_and_an_empty_run_only_a_comment():
    text = latex_table(summary_of(trial("vit"), trial("gone", status="oom", cause="no room for 50 %")))
    assert r"FAIL:no room for 50 \%" in text
    assert latex_table(summary_of()) == "% No trial ended well: there is nothing to rank.\n"
