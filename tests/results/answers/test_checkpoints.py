"""Which checkpoint a name means: of the latest run, of a named one, of a seed, or a folder; and what is refused."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from results.answers.asked import Unanswerable
from results.answers.checkpoints import find_checkpoint
from results.errors import StoreError
from results.store.file_names import trial_slug
from tests.results.runs import trial
from tests.results.samples import stored_run

OLD, NEW = "2026-11-01-leaves-a1b2", "2026-11-02-leaves-c3d4"


def with_checkpoints(store, *trials):
    for model, seed in trials:
        folder = store.path / "checkpoints" / trial_slug(model, seed)
        folder.mkdir(parents=True)
        (folder / "model.json").write_text("{}")
    return store


@pytest.fixture
def output(tmp_path):
    """Two runs: the newer one has no checkpoint of the first seed of `vit`, and none at all of `lost`."""
    old = stored_run(tmp_path, [trial("mlp"), trial("resnet18")], OLD)
    os.utime(with_checkpoints(old, ("mlp", 1), ("resnet18", 1)).path / "run.json", (1, 1))
    names = [("timm/test_vit", 1), ("mlp", 1), ("mlp", 2), ("vit", 1), ("vit", 2), ("lost", 1)]
    new = stored_run(tmp_path, [trial(*one) for one in names], NEW)
    with_checkpoints(new, ("timm/test_vit", 1), ("mlp", 1), ("mlp", 2), ("vit", 2))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "run", "folder"),
    [
        ("mlp", NEW, "mlp@s1"),
        ("mlp@s2", NEW, "mlp@s2"),
        ("vit", NEW, "vit@s2"),
        ("timm/test_vit", NEW, "timm--test_vit@s1"),
        ("timm--test_vit@s1", NEW, "timm--test_vit@s1"),
        ("c3d4/timm/test_vit@s1", NEW, "timm--test_vit@s1"),
        ("a1b2/mlp", OLD, "mlp@s1"),
        (f"{OLD}/resnet18", OLD, "resnet18@s1"),
        ("{output}/" + f"{OLD}/mlp@s1", OLD, "mlp@s1"),
        ("{output}/" + f"{NEW}/checkpoints/mlp@s2", NEW, "mlp@s2"),
        ("{output}/" + f"{NEW}/checkpoints/mlp@s2/model.json", NEW, "mlp@s2"),
    ],
)
def test_a_name_means_one_checkpoint(output, text, run, folder):
    found = find_checkpoint(text.format(output=output), output)
    assert found.folder == output / run / "checkpoints" / folder
    assert found.run == run
    assert found.record.seed == int(folder[-1])


def test_the_title_says_which_seed_it_is_and_of_which_others(output):
    assert find_checkpoint("mlp", output).title == f"mlp, seed 1 of 1 and 2, run {NEW}"
    assert find_checkpoint("vit", output).title == f"vit, seed 2, run {NEW}"


def test_a_folder_that_was_copied_out_of_its_run_stands_for_itself(output, tmp_path):
    copied = (output / OLD / "checkpoints" / "mlp@s1").rename(tmp_path / "copied")
    found = find_checkpoint(str(copied), output)
    assert (found.folder, found.run, found.record, found.title) == (copied, "", None, str(copied))


@pytest.mark.parametrize(
    ("text", "cause", "remedy", "code"),
    [
        ("mpl", f"run {NEW} has no model 'mpl'. Did you mean mlp?", "its models: lost, mlp, timm/test_vit, vit", 2),
        (
            "timm/test_vt@s1",
            f"run {NEW} has no model 'timm/test_vt'. Did you mean timm/test_vit?",
            "its models: ",
            2,
        ),
        ("a1b2/vit", f"run {OLD} has no model 'vit'.", "its models: mlp, resnet18", 2),
        ("a1b2", "a1b2 is a run, and it is not said which model of it", "name one of its models, as RUN/MODEL: mlp", 2),
        ("mlp@s7", f"run {NEW} has no seed 7 of mlp", "its seeds: 1, 2", 2),
        ("lost", f"lost has left no checkpoint in run {NEW}", f"carry it out again: harness retry {NEW} --failed", 3),
        ("vit@s1", f"vit, seed 1, has left no checkpoint in run {NEW}", "carry it out again: ", 3),
        ("ffff/mlp9999", "ffff is not the folder of a run, nor the id of one in ", f"there are: {NEW}, {OLD}", 4),
        ("2026/mlp9999", "2026 is how the names begin of 2 runs in ", "give a whole name", 4),
        ("{output}", "{output} is no checkpoint: it has no model.json", "give a folder checkpoints/MODEL@s1", 3),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line_with_a_remedy(output, text, cause, remedy, code):
    with pytest.raises(StoreError) as caught:
        find_checkpoint(text.format(output=output), output)
    assert caught.value.cause.startswith(cause.format(output=output))
    assert caught.value.remedy.startswith(remedy)
    assert caught.value.exit_code == code


def test_without_a_run_that_is_said(tmp_path):
    with pytest.raises(StoreError, match="there is no run in "):
        find_checkpoint("mlp", tmp_path)


@pytest.mark.parametrize(
    ("text", "folder", "title"),
    [
        ("mlp", "mlp@s1f1", "mlp, seed 1, fold 1 of 2, run {}"),
        ("mlp@s1f2", "mlp@s1f2", "mlp, seed 1, fold 2 of 2, run {}"),
        ("mlp@s1", "mlp@s1f1", "mlp, seed 1, fold 1 of 2, run {}"),
    ],
)
def test_of_folds_the_first_is_meant_unless_one_is_named(tmp_path, text, folder, title):
    trials = [(replace(trial("mlp")[0], trial={"fold": fold, "folds": 2}), {}) for fold in (1, 2)]
    store = stored_run(tmp_path, trials)
    for fold in (1, 2):
        (store.path / "checkpoints" / f"mlp@s1f{fold}").mkdir(parents=True)
    for named in (text, str(store.path / "checkpoints" / folder)):
        found = find_checkpoint(named, tmp_path)
        assert (found.folder.name, found.title) == (folder, title.format(store.path.name))
    with pytest.raises(Unanswerable, match="has no fold 7 of mlp") as raised:
        find_checkpoint("mlp@s1f7", tmp_path)
    assert raised.value.remedy == "its folds: 1, 2"
