"""A stored run as a page needs it."""

from __future__ import annotations

import shutil

import pytest

from results.page import report_run as module
from results.page.document import document
from results.page.report_run import report_run
from results.ranking.comparability import NotComparable
from results.store.run_store import RunStore
from tests.results.page.parsed import NO_LIBRARY, Page
from tests.results.runs import Folder, summary_of, trial
from tests.results.samples import stored_run
from tests.results.tables.test_render import BEFORE

TWO = [trial("vit", wrong=range(50)), trial("mlp", wrong=range(300))]


def test_a_summary_that_is_known_is_not_made_again(monkeypatch):
    monkeypatch.setattr(module, "summarise", None)
    known = summary_of(*TWO)
    run = report_run(Folder(TWO), known)
    assert run.summary is known
    assert [row["model"] for row in run.rows] == ["vit", "mlp"]
    assert set(run.untold) <= set(run.remarks)


def test_it_has_all_trials_those_that_failed_too():
    run = report_run(Folder([*TWO, trial("vit", 2, status="oom", cause="no memory")]))
    assert [record.status for record in run.records] == ["ok", "ok", "oom"]
    assert len(run.summary.records) == 2


def test_a_run_is_called_by_its_folder_however_that_was_named(tmp_path, monkeypatch):
    store = stored_run(tmp_path, TWO)
    monkeypatch.chdir(store.path)
    run = report_run(RunStore.find(".", tmp_path))
    assert (run.name, run.folder) == (store.path.name, ".")


def test_what_cannot_be_ranked_together_is_refused_as_the_table_refuses_it():
    with pytest.raises(NotComparable, match=r"threads"):
        report_run(Folder([TWO[0], trial("mlp", facts={"threads": 1})]))


def test_a_run_of_before_has_its_page_too(tmp_path):
    shutil.copytree(BEFORE, tmp_path / "run")
    page = Page(document([report_run(RunStore.open(tmp_path / "run"))], NO_LIBRARY))
    assert [cells[1] for cells in page.rows("table", "ranked")] == ["mlp", "fc_model"]
