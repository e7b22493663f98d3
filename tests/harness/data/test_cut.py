"""How a dataset is cut: what groups and copies do to parts and folds."""

from __future__ import annotations

import pytest

from harness.data.cut import folded, split
from harness.data.duplicates import ImageIdentities
from harness.data.folds import plan_folds
from harness.data.load import DatasetSource, load
from harness.data.splits import plan_splits
from tests.harness.data.test_splits import labelled
from tests.harness.pictures import folder
from zoo import ZooError

SHARES = {"val_split": 0.2, "test_split": 0.2}
IMAGES = labelled([0, 1] * 30)
DIFFERENT = {"train": ImageIdentities(identity=[str(row) for row in range(60)])}
GROUPS = {"train": [f"g{row // 5}" for row in range(60)]}


def sides(plan, units):
    return [{units[part.pool][row] for row in part.rows} for part in (plan.train, plan.val, plan.test)]


def test_without_groups_the_parts_are_what_they_always_were():
    cut = split(IMAGES, 0, SHARES, DIFFERENT, None)
    assert (cut.plan, cut.units, cut.notes) == (plan_splits(IMAGES), {}, ())


@pytest.mark.parametrize(("groups", "units"), [(None, None), (GROUPS, [row // 5 for row in range(60)])])
def test_seed_and_shares_decide_the_cut(groups, units):
    shares = {"val_split": 0.25, "test_split": 0.4}
    plan = plan_splits(IMAGES, seed=5, **shares, units=units)
    assert split(IMAGES, 5, shares, DIFFERENT, groups).plan == plan
    folds = dict(enumerate(plan_folds(IMAGES, 3, seed=5, val_split=0.4, units=units, grouped=bool(units)), 1))
    assert folded(IMAGES, 3, [5], 0.4, DIFFERENT, groups).folds == {(5, fold): plan for fold, plan in folds.items()}


@pytest.mark.parametrize(("groups", "what"), [(None, "different images"), ({"train": ["g", *"h" * 59]}, "groups")])
def test_too_few_to_cut_are_called_what_they_are(groups, what):
    copied = {"train": ImageIdentities(identity=["x", "y"] * 30)}
    with pytest.raises(ZooError, match=rf"2 classes have fewer than 3 {what} .*: a \([12]\), b \([12]\)"):
        folded(IMAGES, 3, [0], 0.2, copied, groups)


def test_groups_stay_together_in_train_val_and_test():
    cut = split(IMAGES, 0, SHARES, DIFFERENT, GROUPS)
    train, val, test = sides(cut.plan, cut.units)
    assert (train & val, train & test, val & test) == (set(), set(), set())
    assert train | val | test == set(range(12))
    assert all({IMAGES.train.labels[row] for row in part.rows} == {0, 1} for part in (cut.plan.val, cut.plan.test))


def test_of_a_group_that_test_has_train_has_no_image_and_says_so():
    images = labelled([0, 1] * 20, val=[0, 1], test=[0, 1])
    known = {part: ImageIdentities(identity=[f"{part}{row}" for row in range(n)]) for part, n in
             (("train", 40), ("val", 2), ("test", 2))}  # fmt: skip
    groups = {"train": ["a"] * 3 + ["b"] * 37, "val": ["c", "d"], "test": ["a", "d"]}
    cut = split(images, 0, SHARES, known, groups)
    assert (cut.plan.train.rows, cut.plan.val.rows) == (list(range(3, 40)), [0])
    assert cut.notes == (
        "3 train images of groups that occur in test too were left out",
        "1 val image of a group that occurs in test too was left out",
    )


def test_all_of_train_in_groups_of_test_is_refused():
    images = labelled([0, 1] * 3, val=[0, 1], test=[0, 1])
    known = {part: ImageIdentities(identity=[f"{part}{row}" for row in range(n)]) for part, n in
             (("train", 6), ("val", 2), ("test", 2))}  # fmt: skip
    with pytest.raises(ZooError, match="every train image of a group also occurs in test"):
        split(images, 0, SHARES, known, {"train": ["a"] * 6, "val": ["", ""], "test": ["a", "a"]})


def test_copies_of_an_image_are_tested_in_one_fold_without_being_groups():
    copied = {"train": ImageIdentities(identity=[str(row % 50) for row in range(60)])}
    cut = folded(IMAGES, 5, [1], 0.2, copied, None)
    for plan in cut.folds.values():
        train, val, test = sides(plan, cut.units)
        assert (train & val, train & test, val & test) == (set(), set(), set())
    assert cut.notes == ()


def test_groups_that_share_an_image_are_counted_as_one_and_that_is_said():
    copied = {"train": ImageIdentities(identity=["x" if row in (0, 7) else str(row) for row in range(60)])}
    for cut in (folded(IMAGES, 3, [1], 0.2, copied, GROUPS), split(IMAGES, 1, SHARES, copied, GROUPS)):
        assert cut.notes == ("groups that share an image count as one: 1 fewer than there are names",)


def test_each_seed_cuts_anew_and_the_first_plan_stands_for_all():
    cut = folded(IMAGES, 3, [4, 9], 0.2, DIFFERENT, None)
    assert list(cut.folds) == [(4, 1), (4, 2), (4, 3), (9, 1), (9, 2), (9, 3)]
    assert cut.plan == cut.folds[4, 1]
    assert cut.folds[4, 1].test != cut.folds[9, 1].test


def herd(tmp_path):
    """Two classes of six animals each, whose photographs are numbered three by three."""
    return folder(tmp_path / "herd", ["cow", "hen"], num=18)


def by_three(root, names=True):
    lines = [f"{kind}/{n}.png,{kind}{n // 3}" for kind in ("cow", "hen") for n in range(18)]
    file = root.parent / "groups.csv"
    file.write_text("\n".join(["path,group", *(lines if names else lines[:9])]))
    return str(file)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_folder_is_loaded_with_its_groups_and_says_of_what_its_facts_are(tmp_path):
    root = herd(tmp_path)
    plain, grouped = (load(DatasetSource(data_dir=root, group_by=by)) for by in (None, by_three(root)))
    assert "groups" not in plain.facts
    assert plain.test_places == {}
    assert {**plain.facts, "num_groups": 12} == {
        name: value for name, value in grouped.facts.items() if name not in ("groups", "cut")
    } | {name: plain.facts[name] for name in ("num_train", "num_val", "num_test")}
    assert len(set(grouped.test_places["groups"])) == len(grouped.plan.test.rows) / 3


def test_folds_are_loaded_by_seed_and_each_trial_sees_its_own(tmp_path):
    dataset = load(DatasetSource(data_dir=herd(tmp_path)), folds=3, seeds=(5, 6))
    own = dataset.of(6, 2)
    assert own.plan == dataset.folds[6, 2] != dataset.plan
    assert own.test_places == {"rows": list(own.plan.test.rows)}
    assert (dataset.facts["folds"], dataset.facts["num_test"]) == (3, 36)
    assert dataset.of(6, None) is dataset


def test_other_folds_and_other_groups_are_other_data_for_a_run_that_goes_on(tmp_path):
    root = herd(tmp_path)
    source = DatasetSource(data_dir=root)
    cuts = [load(source, folds=3, seeds=(seed,)).facts["cut"] for seed in (1, 2)]
    some, fewer = (
        load(DatasetSource(data_dir=root, group_by=by_three(root, n))).facts["groups"] for n in (True, False)
    )
    assert (cuts[0] != cuts[1], some != fewer) == (True, True)


def test_images_that_are_no_files_have_no_groups(tmp_path):
    from plugins.synthetic import zoo_datasets

    (spec,) = zoo_datasets()
    with pytest.raises(
        ZooError, match="finds groups by paths, and the images of dataset 'synthetic' are no files"
    ) as e:
        load(DatasetSource(spec=spec, group_by="(x)"))
    assert e.value.exit_code == 2


def test_a_file_of_labels_may_say_groups_but_not_beside_another_word_on_them(tmp_path):
    root = herd(tmp_path)
    lines = [f"{kind}/{n}.png,{kind},{n // 3 or ''}" for kind in ("cow", "hen") for n in range(18)]
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(["path,label,group", *lines]))
    dataset = load(DatasetSource(data_dir=root, labels=file))
    assert (dataset.facts["num_groups"], dataset.notes[0]) == (
        5 + 6,
        "6 images have no group and are one each: cow/0.png, cow/1.png, cow/2.png and 3 more",
    )
    with pytest.raises(ZooError, match="--group-by and the column `group` of --labels exclude each other"):
        load(DatasetSource(data_dir=root, labels=file, group_by="(x)"))
