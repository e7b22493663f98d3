"""Files of every kind, predicted as their run evaluated them: to the bit where it was exact, else to 1e-5."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

import harness
from harness.data.load import DatasetSource, load
from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.training.feature_store import FeatureStore
from harness.trial.context import TrialContext
from harness.trial.file_predictions import Conditions, file_predictions
from harness.trial.saved_model import save
from harness.trial.trial import run_trial
from results.records import Record
from results.store.file_names import trial_slug
from tests.faults.image_files import png16
from tests.harness.pictures import noise
from tests.results.samples import record
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.weights import Weights

CPU = torch.device("cpu")
CLASSES = ("elm", "oak")
WEIGHTED = "timm/test_resnet"
MODELS = ("fc_model", "resnet18", "densenet121", WEIGHTED)

# timm has had its tiny test_* architectures since 1.0.9.
pytestmark = pytest.mark.skipif(WEIGHTED not in discover(environment={}).models, reason=f"this timm has no {WEIGHTED}")


def grey(seed):
    return noise(seed, mode="L")


def alpha(seed):
    image = noise(seed, mode="RGBA")
    image.putalpha(noise(seed + 1, mode="L"))
    return image


def palette(seed):
    return noise(seed).quantize(16)


def rgb(seed):
    return noise(seed)


KINDS = {"grey": grey, "alpha": alpha, "palette": palette, "rgb": rgb}


def every_kind(root):
    """Two classes of images of every kind, in train and test; those on their side say so in EXIF."""
    for number, part in enumerate(f"{part}/{name}" for part in ("train", "test") for name in CLASSES):
        folder = root / part
        folder.mkdir(parents=True)
        for at, (kind, made) in enumerate(KINDS.items()):
            made(100 * number + at).save(folder / f"{kind}.png")
        turned = Image.Exif()
        turned[0x0112] = 6
        noise(100 * number + 50).save(folder / "turned.jpg", exif=turned)
        values = np.random.default_rng(number).integers(0, 4096, (16, 20, 3), dtype=np.uint16)
        (folder / "deep.png").write_bytes(png16(values))
    return root


class Trained(NamedTuple):
    """What a trial leaves: its checkpoint, its record, and the predictions for its test images [N, K]."""

    folder: Path
    record: Record
    log_probs: np.ndarray


def trained(root, dataset, model, *, exact, weights=None):
    """One trial, as a run carries it out in a process of its own, but not timed."""
    settings = {"weights": weights, "finetune": "head"} if weights else {}
    train = TrainConfig(epochs=1, batch_size=16, exact=exact, **settings)
    trial = Trial(model=model, dataset="leaves", train=train, timing=TimingConfig(), device="cpu", seed=1)
    context = TrialContext(dataset=dataset, device=CPU, timed_on=(), features=FeatureStore())
    with Conditions(train=train, num_threads=1).applied():
        outcome = run_trial(trial, discover(environment={}).select(model)[0], context)
    assert outcome.findings.status == "ok", outcome.traceback
    folder = root / trial_slug(model, 1)
    save(folder, outcome.model, outcome.card)
    kept = record(model, trial=trial.as_json(), facts=outcome.findings.facts)
    return Trained(folder, kept, outcome.predictions["log_probs"])


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    """By kind, model and whether it was exact: from scratch, and with a file of weights that names no images."""
    root = tmp_path_factory.mktemp("predicted")
    dataset = load(DatasetSource(data_dir=every_kind(root / "leaves")))
    made = {}
    for model, exact in [(model, True) for model in MODELS] + [(model, False) for model in MODELS[:2]]:
        made["scratch", model, exact] = trained(root / f"scratch-{exact}", dataset, model, exact=exact)
    alone = root / "alone.safetensors"  # without its card: its images are assumed to be such as timm publishes
    alone.write_bytes((made["scratch", WEIGHTED, True].folder / "model.safetensors").read_bytes())
    for exact in (True, False):
        options = {"exact": exact, "weights": Weights(path=str(alone))}
        made["weights", WEIGHTED, exact] = trained(root / f"weights-{exact}", dataset, WEIGHTED, **options)
    return made


@pytest.fixture(scope="module")
def files(trials):
    """The test images in the order of their run."""
    leaves = trials["scratch", "fc_model", True].folder.parent.parent / "leaves"
    return sorted((leaves / "test").rglob("*.*"))


def predicted(one, files):
    """The logarithms of probabilities [N, K] of the files."""
    conditions = Conditions.of(one.record)
    with conditions.applied():
        found = [*file_predictions(harness.load(one.folder), files, top=9, device=CPU, conditions=conditions)]
    assert [each.path for each in found] == files
    by_class = [{ranked.name: ranked.log_prob for ranked in each.ranked} for each in found]
    return np.float32([[own[name] for name in CLASSES] for own in by_class])


@pytest.mark.parametrize(("kind", "model"), [*(("scratch", model) for model in MODELS), ("weights", WEIGHTED)])
def test_an_exact_run_is_reproduced_to_the_bit(trials, files, kind, model):
    one = trials[kind, model, True]
    assert one.log_probs.shape == (12, 2)
    assert np.array_equal(predicted(one, files), one.log_probs)


@pytest.mark.parametrize(("kind", "model"), [*(("scratch", model) for model in MODELS[:2]), ("weights", WEIGHTED)])
def test_any_other_run_is_reproduced_to_1e_5(trials, files, kind, model):
    one = trials[kind, model, False]
    assert np.abs(predicted(one, files) - one.log_probs).max() < 1e-5


def test_the_weights_of_timm_see_another_crop_and_another_mean(trials):
    """Or the tests above would not show what they say."""
    kinds = ("scratch", "weights")
    scratch, weights = (harness.load(trials[kind, WEIGHTED, True].folder).transform.geometry for kind in kinds)
    assert (scratch.size, scratch.short_side) == (32, 32)
    assert (weights.size, weights.short_side) == (160, 168)
    assert weights.mean == (0.5, 0.5, 0.5) != scratch.mean


def test_a_frozen_backbone_was_rewritten_where_its_run_was_not_exact(trials):
    ran = [trials["weights", WEIGHTED, exact].record.facts.get("frozen_pass", "") for exact in (True, False)]
    assert ran[0] == ""
    assert ran[1].startswith("rewritten: channels last")


def sizes_of(trials, files, batch_size=None, **train):
    """How many images the model gets at once."""
    trained, sizes = harness.load(trials["scratch", "fc_model", True].folder), []
    trained.model.register_forward_pre_hook(lambda module, given: sizes.append(len(given[0])))
    conditions = Conditions(train=replace(Conditions().train, **train))
    options = {"top": 1, "device": CPU, "conditions": conditions, "batch_size": batch_size}
    assert len([*file_predictions(trained, files, **options)]) == 12
    return sizes


def test_batches_are_those_of_the_evaluation_unless_a_size_is_given(trials, files):
    assert sizes_of(trials, files) == [12]
    assert sizes_of(trials, files, batch_size=5) == [5, 5, 2]
    assert sizes_of(trials, files, grad_accum=8) == [4, 4, 4]
    assert sizes_of(trials, files, 12, grad_accum=8) == [12]


def test_files_that_cannot_be_read_have_a_problem_and_the_others_their_answers(trials, files, tmp_path):
    text, empty, gone = (tmp_path / name for name in ("text.png", "empty.jpg", "gone.png"))
    text.write_text("no image")
    empty.touch()
    one, other = files[:2]
    trained = harness.load(trials["scratch", "fc_model", True].folder)
    paths = [text, one, empty, gone, other]
    found = [*file_predictions(trained, paths, top=1, device=CPU, conditions=Conditions())]
    assert [each.problem for each in found] == ["not an image", "", "empty file", "No such file or directory", ""]
    assert [len(each.ranked) for each in found] == [0, 1, 0, 0, 1]


def test_an_image_over_the_limits_is_refused_as_a_run_refuses_it(trials, tmp_path):
    Image.new("L", (3000, 10)).save(tmp_path / "thread.png")
    trained = harness.load(trials["scratch", "fc_model", True].folder)
    (found,) = file_predictions(trained, [tmp_path / "thread.png"], top=1, device=CPU, conditions=Conditions())
    assert found.problem == "3000x10 pixels, too narrow"


def test_threads_are_the_runs_own_if_it_was_exact_and_are_put_back(trials):
    one = replace(trials["scratch", "fc_model", True].record, facts={"threads": 1})
    before = torch.get_num_threads()
    with Conditions.of(one).applied():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    assert Conditions.of(trials["scratch", "fc_model", False].record).num_threads is None


def test_settings_of_another_version_are_refused_in_one_line(trials):
    record = trials["scratch", "fc_model", True].record
    newer = replace(record, trial={**record.trial, "train": {**record.trial["train"], "rotate": 90}})
    with pytest.raises(ZooError, match=r"the settings of \S+ are of another version .*rotate") as caught:
        Conditions.of(newer)
    assert "\n" not in caught.value.cause
