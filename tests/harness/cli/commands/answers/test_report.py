"""`harness report`: which runs, where the page goes, and what is said where something is missing."""

from __future__ import annotations

import webbrowser

import pytest

from harness.cli.main import main
from results.page import library
from tests.results.page.parsed import Page
from tests.results.runs import trial
from tests.results.samples import stored_run

VIT, MLP = trial("vit", wrong=range(50)), trial("mlp", wrong=range(300))


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A current folder whose results/runs has two runs; plotly's script is small."""
    file = tmp_path / "plotly.min.js"
    file.write_text("/* plotly.js v4.1.1 */ Plotly = 1")
    monkeypatch.setattr(library, "installed", lambda: file)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "runs"
    stored_run(folder, [VIT, MLP], name="2026-11-20-leaves-aaaa")
    other = trial("vit", wrong=range(70), facts={"threads": 1})
    stored_run(folder, [other], name="2026-11-21-leaves-bbbb")
    return folder


def test_without_a_name_it_is_the_page_of_the_latest_run(runs, capsys):
    assert main(["report"]) == 0
    done = capsys.readouterr()
    assert (done.out, done.err) == ("wrote results/runs/2026-11-21-leaves-bbbb/report.html\n", "")
    page = Page((runs / "2026-11-21-leaves-bbbb/report.html").read_text())
    assert page.rows("table", "ranked")[0][1] == "vit"


def test_several_runs_are_one_page_and_what_differs_between_them_is_named(runs, capsys):
    assert main(["report", "aaaa", "bbbb", "aaaa"]) == 0
    assert capsys.readouterr().out == "wrote results/runs/report-aaaa-bbbb.html\n"
    page = Page((runs / "report-aaaa-bbbb.html").read_text())
    (said,) = page.root.all("p", class_="together")
    assert "differs in threads (2, 1)" in said.text
    assert [len(page.rows(f"run{number}-table", "ranked")) for number in (1, 2)] == [2, 1]


def test_output_names_the_file_or_the_folder_in_which_runs_lie(runs, tmp_path, capsys):
    assert main(["report", "aaaa", "--output", str(tmp_path / "site/a.html")]) == 0
    assert (tmp_path / "site/a.html").is_file()
    runs.rename(tmp_path / "elsewhere")
    assert main(["report", "aaaa", "--output", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere/2026-11-20-leaves-aaaa/report.html").is_file()
    assert (tmp_path / "elsewhere/_assets/plotly-4.1.1.min.js").is_file()


def test_a_single_file_needs_nothing_beside_it(runs):
    assert main(["report", "--single-file"]) == 0
    assert "Plotly = 1" in (runs / "2026-11-21-leaves-bbbb/report.html").read_text()
    assert not (runs / "_assets").exists()


def test_without_plotly_the_page_comes_and_it_is_said_on_the_screen_too(runs, monkeypatch, capsys):
    monkeypatch.setattr(library, "installed", lambda: None)
    assert main(["report"]) == 0
    assert capsys.readouterr().err.startswith("note: the page has no charts: plotly is not installed")


def test_open_shows_the_page_in_a_browser(runs, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert main(["report", "--open"]) == 0
    assert opened == [(runs / "2026-11-21-leaves-bbbb/report.html").as_uri()]


def test_where_there_is_no_browser_the_page_is_there_all_the_same(runs, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert main(["report", "--open"]) == 3
    done = capsys.readouterr()
    assert "wrote results/runs" in done.out
    assert done.err == (
        "error: there is no browser here that could be started\n"
        "  open it yourself: results/runs/2026-11-21-leaves-bbbb/report.html\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["zzzz"], 4, "zzzz is not the folder of a run", "there are: "),
        (["--nope"], 2, "unrecognized arguments: --nope", "see: harness report --help"),
        (["--output", "file/a.html"], 4, "cannot", "choose"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(runs, capsys, arguments, code, cause, remedy):
    (runs.parents[1] / "file").write_text("")
    assert main(["report", *arguments]) == code
    first, second = capsys.readouterr().err.splitlines()
    assert cause in first
    assert remedy in second


def test_a_run_that_cannot_be_ranked_is_refused_as_its_table_is(runs, capsys):
    stored_run(runs, [VIT, trial("mlp", facts={"threads": 1})], name="mixed")
    assert main(["report", "mixed"]) == main(["table", "mixed"]) != 0
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == said[2:]
