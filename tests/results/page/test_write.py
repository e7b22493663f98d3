"""Where a page goes, and what it is drawn with there."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.page import library
from results.page.report_run import report_run
from results.page.write import write_page, write_pages
from results.store.run_store import RunStore
from tests.results.runs import trial
from tests.results.samples import stored_run

VIT, MLP = trial("vit", wrong=range(50)), trial("mlp", wrong=range(300))
SRC = 'src="{}_assets/plotly-4.1.1.min.js"'


@pytest.fixture(autouse=True)
def small_library(tmp_path, monkeypatch):
    file = tmp_path / "plotly.min.js"
    file.write_text("/* plotly.js v4.1.1 */ Plotly = 1")
    monkeypatch.setattr(library, "installed", lambda: file)


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


def test_the_page_of_a_run_lies_in_its_folder_and_the_library_once_beside_all_runs(runs):
    first, second = (write_page(stored_run(runs, [VIT, MLP])) for _ in range(2))
    assert SRC.format("../") in first.read_text()
    assert SRC.format("../") in second.read_text()
    assert [path.relative_to(runs).parts[0] for path in runs.rglob("*.min.js")] == ["_assets"]


@pytest.mark.parametrize("write", [write_page, lambda store: write_pages([report_run(store)], store.path.parent)])
def test_a_run_named_from_within_has_its_library_beside_it_too(runs, monkeypatch, write):
    store = stored_run(runs, [VIT])
    monkeypatch.chdir(store.path)
    write(RunStore(Path(".")))
    assert SRC.format("../") in (store.path / "report.html").read_text()
    assert (runs / "_assets/plotly-4.1.1.min.js").is_file()


def test_the_page_of_several_runs_lies_beside_them_under_their_ids(runs):
    stores = [stored_run(runs, [VIT], name=f"2026-11-20-leaves-{name}") for name in ("aaaa", "bbbb")]
    page, _ = write_pages([report_run(store) for store in stores], runs)
    assert page == runs / "report-aaaa-bbbb.html"
    assert SRC.format("") in page.read_text()


def test_of_many_runs_the_file_is_named_after_the_first_six(runs):
    made = [report_run(stored_run(runs, [VIT], name=f"x-{number}")) for number in range(8)]
    assert write_pages(made, runs)[0].name == "report-0-1-2-3-4-5-and-2-more.html"


def test_a_page_that_is_wanted_elsewhere_has_its_library_there(runs, tmp_path):
    run = report_run(stored_run(runs, [VIT]))
    page, _ = write_pages([run], runs, tmp_path / "site/new/page.html")
    assert SRC.format("") in page.read_text()
    assert (tmp_path / "site/new/_assets/plotly-4.1.1.min.js").is_file()
    assert not (run.store.path / "report.html").exists()


def test_a_single_file_holds_the_library_and_writes_none(runs):
    page, _ = write_pages([report_run(stored_run(runs, [VIT]))], runs, single_file=True)
    assert "<script>/* plotly.js v4.1.1 */ Plotly = 1</script>" in page.read_text()
    assert not (runs / "_assets").exists()
