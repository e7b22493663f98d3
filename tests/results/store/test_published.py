"""Published tables: what is kept of a run, and that what is kept in git is whole."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest

from results.store.published import FILES, PUBLISHED, published
from results.store.run_store import RunStore
from results.tables import model_checks
from tests.published import COMMANDS, publish, with_tables
from tests.results.runs import DATA, MACHINE, trial
from tests.results.samples import stored_run
from tests.source import ROOT
from tests.zoo.testing.test_shipped_models import sample
from zoo.discovery import discover

TIMES = {"cpu_infer_step_time": (20.0, 20.1, 20.2)}
CHECKS = "model_checks.csv"


def published_run(folder: Path, command=("run", "--plugins", "vit,mlp")):
    """A run of two models of which a table is kept."""
    store = stored_run(folder / "runs", [trial("resnet18", wrong=range(50), **TIMES), trial("mlp", wrong=range(300))])
    data = DATA | {"num_train": 5000, "num_val": 1000}
    more = {"harness": "0.1.0", "command": command, "machine": MACHINE, "data": data, "setup": {"data_dir": "/home/me"}}
    more["trials"] = [{"model": name, "seed": seed} for name in ("resnet18", "mlp") for seed in (1, 2)]
    store.write("run.json", json.dumps(store.configuration | more).encode())
    return publish(RunStore(store.path), folder / "published/digits-two", "2026-11-27")


def check(table):
    """What every published table must be."""
    card, rows = table.card, list(csv.DictReader(table.text("csv").splitlines()))
    names = {row["model"] for row in rows}
    assert names <= discover().models.keys()
    assert len(names) == card["num_models"] >= 2
    assert all(row["status"] == "ok" for row in rows)
    assert card["machine"]["cpu"]
    assert card["machine"]["torch"]
    assert card["command"][0] == "run"
    assert len(card["date"].split("-")) == 3
    assert f"Command: harness {shlex.join(card['command'])}".replace("*", "\\*") in table.text("md")
    assert all(name in table.text("text") and name in table.text("md").replace("\\", "") for name in names)
    assert {path.name for path in table.folder.iterdir()} == {*FILES.values(), "run.json"}
    assert sum(path.stat().st_size for path in table.folder.iterdir()) < 60_000


def test_of_a_run_its_table_is_kept_and_what_it_was_made_with(tmp_path):
    table = published_run(tmp_path)
    check(table)
    assert table.card["data"] == {
        "name": "leaves", "fingerprint": "9f3c71e1", "num_train": 5000, "num_val": 1000, "num_test": 1000,
    }  # fmt: skip
    assert (table.card["num_models"], table.card["num_seeds"], table.card["date"]) == (2, 2, "2026-11-27")
    assert "/home/me" not in "".join(path.read_text() for path in table.folder.iterdir())
    assert published(tmp_path / "published") == {"digits-two": table}


@pytest.mark.skipif(not published(), reason="no table is published yet: python -m tests.published")
def test_what_is_kept_in_git_are_all_tables_whole():
    assert published().keys() == COMMANDS.keys()
    assert {path.name for path in PUBLISHED.iterdir()} == COMMANDS.keys() | {CHECKS}
    for name, table in published().items():
        check(table)
        assert (table.card["command"], table.card["num_seeds"]) == (COMMANDS[name], 3)


@pytest.mark.once  # an older timm has not all of these models
def test_the_kept_table_of_checks_is_of_every_model_once_and_all_that_fit_into_memory_are_ok():
    rows = model_checks.from_csv(PUBLISHED / CHECKS)
    assert sorted(row["model"] for row in rows) == sorted(discover().models)
    others = [row for row in rows if row["outcome"] != "ok"]
    assert [row for row in others if row["outcome"] != "not checked" or " memory" not in row["detail"]] == []
    text = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    assert f"of {len(rows):,} models, {len(rows) - len(others):,} are ok or fail as declared" in text
    assert f"the {len(others)} largest" in text
    assert f"{sum(float(row['seconds']) for row in rows) / 3600:.1f} hours together" in text


@pytest.mark.once
def test_all_of_ours_and_of_torchvision_and_a_sample_of_timm_are_ok_in_the_kept_table():
    ok = {row["model"] for row in model_checks.from_csv(PUBLISHED / CHECKS) if row["outcome"] == "ok"}
    assert [name for name in discover().models if "/" not in name and name not in ok] == []
    assert [name for name in sample(120) if name not in ok] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_of_tables_name_models_that_there_are(name):
    command = COMMANDS[name]
    names = {choice.name for choice in discover().select(command[command.index("--plugins") + 1])}
    assert len(names) == {"digits-starter": 5, "digits-small": 12}[name]


def test_readmes_tables_are_the_published_ones(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- published: digits-starter -->\n```\n" in readme
    assert with_tables(readme, published()) == readme


def test_a_block_of_readme_becomes_the_table_that_it_names(tmp_path):
    before, after = "a\n<!-- published: digits-two -->\n```\nold\n", "```\n<!-- published: other -->\n```\nkept\n```\n"
    table = published_run(tmp_path)
    made = with_tables(before + after, {"digits-two": table})
    assert made == before.replace("old\n", table.text("text")) + after
