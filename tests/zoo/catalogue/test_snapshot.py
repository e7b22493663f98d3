"""The catalogue says of every pretrained model what the libraries say, and is read without them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from itertools import groupby

import pytest

from plugins import timm_models, torchvision_models
from tests import make_catalogue
from tests.source import ROOT
from zoo.building import build_on_meta
from zoo.catalogue.snapshot import by_name, entries, sources, write
from zoo.errors import ZooError
from zoo.specs import Task

LIBRARIES = {"timm": timm_models, "torchvision": torchvision_models}
SPECS = {spec.name: spec for library in LIBRARIES.values() for spec in library.zoo_models()}
# One of each kind: with a classifier or none, of a fixed size, evaluated at two, a larger one, of another licence.
SAMPLE = (
    "timm/resnet18.a1_in1k",
    "timm/vit_tiny_patch16_224.augreg_in21k",
    "timm/convnextv2_nano.fcmae",
    "timm/mobilenetv3_small_050.lamb_in1k",
    "timm/test_vit.r160_in1k",
    "timm/fastvit_t8.apple_dist_in1k",
    "resnet50.IMAGENET1K_V2",
    "vit_b_16.IMAGENET1K_SWAG_E2E_V1",
    "googlenet.IMAGENET1K_V1",
    "vgg16.IMAGENET1K_FEATURES",
)


def require_made_of_what_is_installed(library):
    made_of = next(part for part in sources().split(", ") if part.startswith(f"{library} "))
    installed = f"{library} {version(library)}"
    if made_of.partition("+")[0] != installed.partition("+")[0]:
        pytest.skip(f"the snapshot is of {made_of}, not of {installed}")


def remade(name):
    """The entry as it is made today; timm's published figures come from a file that we do not have here."""
    entry = by_name()[name]
    require_made_of_what_is_installed(entry.library)
    spec = SPECS[entry.model]
    sizes = {entry.published_img_size: entry.published_top1} if entry.published_img_size else {}
    results = {f"{entry.model.removeprefix('timm/')}.{entry.tag}": sizes}
    (made,) = make_catalogue.of_library(entry.library, [replace(spec, weights=(entry.tag,))], results)
    return made


@pytest.mark.parametrize("name", SAMPLE)
def test_an_entry_is_what_the_installed_library_says(name):
    assert remade(name) == by_name()[name]


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted({(entry.library, entry.family) for entry in entries()}), ids="-".join)
def test_every_entry_of_a_family_is_what_the_installed_library_says(family):
    names = [entry.name for entry in entries() if (entry.library, entry.family) == family]
    assert [name for name in names if remade(name) != by_name()[name]] == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_pretrained_model_that_can_be_built_is_in_it_once_in_the_library_s_order(library):
    require_made_of_what_is_installed(library)
    offered = [(spec.name, tag) for spec in LIBRARIES[library].zoo_models() for tag in spec.weights]
    listed = [(entry.model, entry.tag) for entry in entries() if entry.library == library]
    missing = {name for name, _ in set(offered) - set(listed)}
    assert listed == [one for one in offered if one[0] not in missing]
    assert {name for name in missing if not name.endswith("_enc")} == set()


def test_encoders_without_a_classifier_are_not_in_it_since_none_can_be_built():
    require_made_of_what_is_installed("timm")
    spec = SPECS["timm/qwen3_vit_88m_enc"]
    assert f"{spec.name}.{spec.weights[0]}" not in by_name()
    with pytest.raises(ZooError, match="headless"):
        build_on_meta(spec, Task(num_classes=10, image_size=224, channels=3))


def test_it_is_read_without_loading_any_library():
    code = "import sys; from zoo.catalogue.snapshot import entries; print(len(entries())); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    count, modules = done.stdout.splitlines()
    assert int(count) > 1900
    assert {"torch", "timm", "torchvision", "numpy", "pandas"} & set(modules.split()) == set()


def test_names_are_those_that_a_person_types():
    assert {"timm/resnet50.a1_in1k", "resnet50.IMAGENET1K_V2"} < set(by_name())
    assert len(by_name()) == len(entries())


def test_what_was_written_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "snapshot.csv"
    write(entries()[::20], "timm 0.0, a file", path)
    monkeypatch.setattr("zoo.catalogue.snapshot.SNAPSHOT", path)
    again = entries()
    monkeypatch.undo()
    assert again == entries()[::20]
    assert sources(path) == "timm 0.0, a file"


def test_the_bytes_of_a_file_are_the_library_s_own_where_it_says_them():
    half, whole = by_name()["wide_resnet50_2.IMAGENET1K_V1"], by_name()["wide_resnet50_2.IMAGENET1K_V2"]
    assert (round(half.num_bytes / half.param_count), round(whole.num_bytes / whole.param_count)) == (2, 4)


def test_most_figures_are_known_and_possible():
    known = [entry.published_top1 for entry in entries() if entry.published_top1 is not None]
    assert len(known) > 1300
    assert all(30 < top1 < 92 for top1 in known)
    assert all(0 < e.param_count * 1.9 <= e.num_bytes and e.macs > 0 and e.activations > 0 for e in entries())
    licences = {name: len(list(group)) for name, group in groupby(sorted(entry.license for entry in entries()))}
    assert licences["apache-2.0"] > 1000 > licences["cc-by-nc-4.0"] > 80
    assert "unknown" not in licences
